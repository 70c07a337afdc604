#include "redis/reply_reader.hpp"

#include <fmt/format.h>
#include <hiredis/read.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/assert.hpp"

namespace signalbox::redis {
namespace {

constexpr std::size_t kMaxLine = 64 * 1024;  ///< errors and statuses; hiredis looks for their ends from the start again

constexpr std::size_t kRoomAtOnce = 16;  ///< elements

Reply::Kind kind_of(int type) {
  switch (type) {
    case REDIS_REPLY_STATUS:
      return Reply::Kind::status;
    case REDIS_REPLY_ERROR:
      return Reply::Kind::error;
    default:
      return Reply::Kind::text;
  }
}

/// The length of the text that is awaited; 0 of anything else. `waiting` begins behind the byte of its kind, which
/// hiredis has taken already.
std::size_t announced_length(const redisReader& reader, std::string_view waiting) {
  if (reader.ridx < 0 || reader.rstack[reader.ridx].type != REDIS_REPLY_STRING) return 0;
  std::size_t length = 0;
  const char* const end = waiting.data() + waiting.size();
  const char* const digits_end = std::from_chars(waiting.data(), end, length).ptr;
  return digits_end != end && *digits_end == '\r' ? length : 0;  // else there may be more digits
}

}  // namespace

/// What hiredis calls for each value. A parent is not added to while a child is being made, so pointers to elements
/// stay good for as long as hiredis uses them. It is C: nothing may be thrown through it.
struct ReplyReader::Functions {
  static Reply* add(const redisReadTask* task, Reply value) noexcept {
    auto& reader = *static_cast<ReplyReader*>(task->privdata);
    if (!task->parent) return &(reader.root_ = std::move(value));
    return &static_cast<Reply*>(task->parent->obj)->elements.emplace_back(std::move(value));
  }
  static void* text(const redisReadTask* task, char* bytes, std::size_t size) noexcept {
    return add(task, {.kind = kind_of(task->type), .text = std::string(bytes, size)});
  }
  /// Room for few elements is made at once, for others as they come: announced is not said.
  static void* array(const redisReadTask* task, int elements) noexcept {
    auto& reader = *static_cast<ReplyReader*>(task->privdata);
    reader.elements_ += static_cast<std::size_t>(std::max(elements, 0));
    reader.too_many_elements_ = reader.elements_ > reader.limits_.elements;
    if (reader.too_many_elements_) return nullptr;
    Reply* const made = add(task, {.kind = Reply::Kind::array});
    made->elements.reserve(std::min(static_cast<std::size_t>(std::max(elements, 0)), kRoomAtOnce));
    return made;
  }
  static void* integer(const redisReadTask* task, long long number) noexcept {
    return add(task, {.kind = Reply::Kind::integer, .number = number});
  }
  static void* nil(const redisReadTask* task) noexcept { return add(task, {}); }
  static void free(void*) noexcept {}  // root_ owns all of them

  static inline redisReplyObjectFunctions table{text, array, integer, nil, free};
};

void ReplyReader::FreeReader::operator()(redisReader* reader) const noexcept {
  redisReaderFree(reader);
}

ReplyReader::ReplyReader(ReplyLimits limits)
    : limits_(limits), reader_(redisReaderCreateWithFunctions(&Functions::table)) {
  SB_ASSERT(reader_);
  reader_->privdata = this;
}

ReplyReader::~ReplyReader() = default;

void ReplyReader::feed(std::string_view bytes) {
  redisReaderFeed(reader_.get(), bytes.data(), bytes.size());  // fails where memory is out, which next() then says
  fed_ += bytes.size();
}

std::expected<std::optional<Reply>, std::string> ReplyReader::next() {
  void* made = nullptr;
  if (redisReaderGetReply(reader_.get(), &made) != REDIS_OK) {
    if (too_many_elements_) return std::unexpected(fmt::format("an answer of more than {} values", limits_.elements));
    return std::unexpected(fmt::format("no answer of Redis ({})", reader_->errstr));
  }
  if (auto why = exceeded(made != nullptr)) return std::unexpected(std::move(*why));
  if (!made) return std::nullopt;
  begun_ = fed_ - unread();
  elements_ = 0;
  return std::exchange(root_, {});
}

std::size_t ReplyReader::unread() const {
  return reader_->len - reader_->pos;
}

/// Why this answer is too much. A whole one (`whole`) is followed by others.
std::optional<std::string> ReplyReader::exceeded(bool whole) const {
  const std::string_view waiting(reader_->buf + reader_->pos, unread());
  const std::uint64_t taken = fed_ - unread() - begun_;
  const std::uint64_t rest = whole ? 0 : std::max(waiting.size(), announced_length(*reader_, waiting));
  if (taken + rest > limits_.bytes) return fmt::format("an answer of more than {} bytes", limits_.bytes);
  if (whole) return std::nullopt;
  if (waiting.size() > kMaxLine && !waiting.substr(0, kMaxLine).contains('\n')) return "a line that does not end";
  return std::nullopt;
}

}  // namespace signalbox::redis
