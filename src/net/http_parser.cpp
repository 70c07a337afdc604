#include "net/http_parser.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace signalbox::net {
namespace {

bool token_char(unsigned char c) {
  if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) return true;
  return c != 0 && std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
}
bool value_char(unsigned char c) {
  return c == '\t' || (c >= 0x20 && c != 0x7f);
}

constexpr std::size_t kMaxMethod = 32;
constexpr std::size_t kMostHeads =
    1024;  ///< bytes of memory that most heads need, and that an idle connection may keep
constexpr std::string_view kVersion = "HTTP/1.";

}  // namespace

bool has_token(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    if (equal_ignoring_case(trim(list.substr(0, comma)), token)) return true;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return false;
}

std::size_t HeadParser::feed(std::string_view bytes) {
  std::size_t used = 0;
  if (raw_.empty()) raw_.reserve(std::min(bytes.size(), kMostHeads));
  while (used < bytes.size() && !done() && !failed()) {
    const char c = bytes[used++];
    if (raw_.size() >= max_bytes_) {
      fail(431);
      break;
    }
    // One empty line before a request is tolerated (RFC 9112 §2.2) and is not part of the head.
    const bool before = state_ == State::start_lf || (state_ == State::start && c == '\r');
    if (!before) raw_.push_back(c);
    step(static_cast<unsigned char>(c));
    used += take_plain(bytes.substr(used));
  }
  return used;
}

// Most of a head: what stands in the middle of a name or a value and changes nothing.
std::size_t HeadParser::take_plain(std::string_view bytes) {
  const bool in_value = state_ == State::value;
  if (failed() || (!in_value && state_ != State::name)) return 0;
  bytes = bytes.substr(0, max_bytes_ - raw_.size());
  std::size_t size = 0;
  const auto plain = [in_value](unsigned char c) { return in_value ? value_char(c) && c > ' ' : token_char(c); };
  while (size < bytes.size() && plain(static_cast<unsigned char>(bytes[size]))) ++size;
  raw_.append(bytes.substr(0, size));
  if (in_value && size != 0) fields_.back().value_end = static_cast<std::uint32_t>(raw_.size());
  return size;
}

bool HeadParser::fail(int status) {
  status_ = status;
  return false;
}

bool HeadParser::step(unsigned char c) {
  return state_ <= State::line_lf ? step_line(c) : step_field(c);
}

bool HeadParser::step_line(unsigned char c) {
  const auto at = static_cast<std::uint32_t>(raw_.size() - 1);
  switch (state_) {
    case State::start:
      if (c == '\r') return state_ = State::start_lf, true;
      if (!token_char(c)) return fail(400);
      return state_ = State::method, true;
    case State::start_lf:
      if (c != '\n') return fail(400);
      return state_ = State::method, true;  // a second empty line is no method
    case State::method:
      if (c == ' ' && at > 0) return method_end_ = at, state_ = State::target, true;
      return token_char(c) && at < kMaxMethod ? true : fail(400);
    case State::target:
      if (c == ' ' && at > method_end_ + 1) return target_end_ = at, state_ = State::version, true;
      return c > 0x20 && c != 0x7f && c != '#' ? true : fail(400);
    case State::version: {
      const auto i = version_++;
      if (i < kVersion.size()) return c == static_cast<unsigned char>(kVersion[i]) ? true : fail(i < 5 ? 400 : 505);
      if (i == kVersion.size()) return c == '0' || c == '1' ? (minor_ = c == '1', true) : fail(505);
      return c == '\r' ? (state_ = State::line_lf, true) : fail(400);
    }
    default:
      return c == '\n' ? (state_ = State::field_start, true) : fail(400);
  }
}

bool HeadParser::step_field(unsigned char c) {
  const auto at = static_cast<std::uint32_t>(raw_.size() - 1);
  switch (state_) {
    case State::field_start:
      if (c == '\r') return state_ = State::end_lf, true;
      if (!token_char(c)) return fail(400);  // a folded line begins with a blank
      if (fields_.size() >= max_fields_) return fail(431);
      fields_.push_back({at, 0, 0, 0});
      return state_ = State::name, true;
    case State::name:
      if (c == ':') return fields_.back().name_end = at, state_ = State::value_start, true;
      return token_char(c) ? true : fail(400);
    case State::value_start:
      if (c == ' ' || c == '\t') return true;
      fields_.back().value = fields_.back().value_end = at;
      state_ = State::value;
      [[fallthrough]];
    case State::value:
      if (c == '\r') return state_ = State::value_lf, true;
      if (!value_char(c)) return fail(400);
      if (c != ' ' && c != '\t') fields_.back().value_end = at + 1;
      return true;
    case State::value_lf:
      return c == '\n' ? (state_ = State::field_start, true) : fail(400);
    default:
      return c == '\n' ? finish() : fail(400);
  }
}

bool HeadParser::finish() {
  state_ = State::done;
  const std::string_view target(raw_.data() + method_end_ + 1, target_end_ - method_end_ - 1);
  const bool absolute = target.starts_with("http://") || target.starts_with("https://");
  if (target.front() != '/' && target != "*" && !absolute) return fail(400);
  return check_framing() && check_connection();
}

bool HeadParser::check_framing() {
  unsigned hosts = 0, lengths = 0, encodings = 0;
  for (const auto& field : fields_) {
    const std::string_view name(raw_.data() + field.name, field.name_end - field.name);
    const std::string_view value(raw_.data() + field.value, field.value_end - field.value);
    if (equal_ignoring_case(name, "host")) ++hosts;
    if (equal_ignoring_case(name, "content-length")) {
      ++lengths;
      if (value.empty() || value.size() > 18) return fail(400);
      for (const char c : value) {
        if (c < '0' || c > '9') return fail(400);
        content_length_ = content_length_ * 10 + static_cast<std::uint64_t>(c - '0');
      }
      if (lengths > 1) return fail(400);
    }
    if (equal_ignoring_case(name, "transfer-encoding")) {
      ++encodings;
      if (!equal_ignoring_case(value, "chunked")) return fail(400);
    }
  }
  if (hosts > 1 || (hosts == 0 && minor_)) return fail(400);
  if (encodings > 1 || (encodings == 1 && (lengths != 0 || !minor_))) return fail(400);
  chunked_ = encodings == 1;
  return true;
}

bool HeadParser::check_connection() {
  keep_alive_ = minor_;
  for (const auto& field : fields_) {
    const std::string_view name(raw_.data() + field.name, field.name_end - field.name);
    const std::string_view value(raw_.data() + field.value, field.value_end - field.value);
    if (equal_ignoring_case(name, "connection") && has_token(value, "close")) keep_alive_ = false;
    if (equal_ignoring_case(name, "expect")) {
      if (!equal_ignoring_case(value, "100-continue")) return fail(417);
      expects_continue_ = minor_;
    }
  }
  return true;
}

RequestHead HeadParser::head(std::string_view raw) const {
  RequestHead head;
  head.method = raw.substr(0, method_end_);
  head.target = raw.substr(method_end_ + 1, target_end_ - method_end_ - 1);
  auto rest = head.target;
  if (rest.front() != '/' && rest != "*") {  // absolute form: from the slash after the authority
    rest.remove_prefix(rest.find("//") + 2);
    const auto slash = rest.find_first_of("/?");
    rest = slash == std::string_view::npos ? std::string_view("/") : rest.substr(slash);
  }
  const auto mark = rest.find('?');
  head.path = rest.substr(0, mark);
  if (mark != std::string_view::npos) head.query = rest.substr(mark + 1);
  head.fields.reserve(fields_.size());
  for (const auto& f : fields_) {
    head.fields.emplace_back(raw.substr(f.name, f.name_end - f.name), raw.substr(f.value, f.value_end - f.value));
  }
  head.content_length = content_length_;
  return head;
}

std::string HeadParser::take_raw() {
  std::vector<Field>().swap(fields_);
  return std::exchange(raw_, {});
}

void HeadParser::reset() {
  *this = HeadParser(max_bytes_, max_fields_);
  if (raw_.capacity() > kMostHeads) raw_.shrink_to_fit();  // an empty string may keep what it had
}

bool ChunkedDecoder::fail(int status) {
  status_ = status;
  return false;
}

std::size_t ChunkedDecoder::feed(std::string_view bytes, std::string& body, std::size_t max_bytes) {
  std::size_t used = 0;
  while (used < bytes.size() && !done() && status_ == 0) {
    if (state_ == State::data && left_ != 0) {
      const auto take = std::min<std::uint64_t>(left_, bytes.size() - used);
      body.append(bytes, used, take);
      used += take;
      left_ -= take;
      if (left_ == 0) state_ = State::data_cr;
      continue;
    }
    step(static_cast<unsigned char>(bytes[used++]), max_bytes - body.size());
  }
  return used;
}

bool ChunkedDecoder::step(unsigned char c, std::size_t room) {
  constexpr std::uint32_t kMaxOverhead = 8 * 1024;
  switch (state_) {
    case State::size: {
      int digit = -1;
      if (c >= '0' && c <= '9') digit = c - '0';
      if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
      if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
      if (digit >= 0) {
        if (++digits_ > 15) return fail(400);
        left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
        return true;
      }
      if (digits_ == 0) return fail(400);
      if (left_ > room) return fail(413);
      if (c == ';') return state_ = State::extension, true;
      return c == '\r' ? (state_ = State::size_lf, true) : fail(400);
    }
    case State::extension:
      if (c == '\r') return state_ = State::size_lf, true;
      return value_char(c) && ++overhead_ <= kMaxOverhead ? true : fail(400);
    case State::size_lf:
      if (c != '\n') return fail(400);
      digits_ = 0;
      return state_ = left_ == 0 ? State::trailer_start : State::data, true;
    case State::data:
    case State::data_cr:
      return c == '\r' ? (state_ = State::data_lf, true) : fail(400);
    case State::data_lf:
      return c == '\n' ? (state_ = State::size, true) : fail(400);
    case State::trailer_start:
      if (c == '\r') return state_ = State::end_lf, true;
      return token_char(c) ? (state_ = State::trailer, true) : fail(400);
    case State::trailer:
      if (c == '\r') return state_ = State::trailer_lf, true;
      return value_char(c) && ++overhead_ <= kMaxOverhead ? true : fail(400);
    case State::trailer_lf:
      return c == '\n' ? (state_ = State::trailer_start, true) : fail(400);
    default:
      return c == '\n' ? (state_ = State::done, true) : fail(400);
  }
}

}  // namespace signalbox::net
