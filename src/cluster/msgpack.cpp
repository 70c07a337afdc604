#include "cluster/msgpack.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json_listener.hpp"
#include "base/json_write.hpp"

namespace signalbox::cluster {
namespace {

constexpr std::uint8_t kTimestamp = 0xFF;  ///< extension type -1
/// notepack.io 2, as emitters of version 4 have it: a byte is undefined, eight are a date, others are bytes.
constexpr std::uint8_t kOfNotepack = 0;

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<std::uint8_t>(byte);
  return value;
}

struct Timestamp {
  std::int64_t seconds;
  std::uint64_t nanoseconds;
};

std::optional<Timestamp> read_timestamp(std::string_view bytes) {
  switch (bytes.size()) {
    case 4:
      return Timestamp{static_cast<std::int64_t>(big_endian(bytes)), 0};
    case 8:
      return Timestamp{static_cast<std::int64_t>(big_endian(bytes) & 0x3'ffff'ffff), big_endian(bytes) >> 34};
    case 12:
      return Timestamp{static_cast<std::int64_t>(big_endian(bytes.substr(4))), big_endian(bytes.substr(0, 4))};
    default:
      return std::nullopt;
  }
}

Timestamp of_milliseconds(std::int64_t ms) {
  const std::int64_t seconds = ms / 1000 - (ms % 1000 < 0);
  return {seconds, static_cast<std::uint64_t>(ms - seconds * 1000) * 1'000'000};
}

/// As Date.prototype.toISOString() writes it; null beyond the years that std::chrono counts, where nobody has an event.
std::string iso_8601(const Timestamp& time) {
  using namespace std::chrono;
  constexpr sys_days kFirst = year_month_day(year::min() / 1 / 1), kLast = year_month_day(year::max() / 12 / 31);
  const sys_seconds at{seconds(time.seconds)};
  if (at < kFirst || at > kLast || time.nanoseconds >= 1'000'000'000) return "null";
  const auto day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss clock(at - day);
  const int year = int(date.year());
  return fmt::format(R"("{}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z")",
                     year >= 0 && year <= 9999 ? fmt::format("{:04}", year) : fmt::format("{:+07}", year),
                     unsigned(date.month()), unsigned(date.day()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count(), time.nanoseconds / 1'000'000);
}

/// Writes what it hears.
class Writer final : public JsonListener {
 public:
  explicit Writer(const UnpackLimits& limits) : limits_(limits) {}

  /// What was wrong, if the reader did not say so itself.
  std::string_view error() const { return error_; }
  Unpacked take() { return {std::move(json_), std::move(attachments_)}; }

  bool null() override { return write("null"); }
  bool boolean(bool value) override { return write(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override {
    begin_value();
    append_int(json_, value);
    return fits();
  }
  bool number_unsigned(number_unsigned_t value) override { return write(fmt::format_int(value).c_str()); }
  bool number_float(number_float_t value, const string_t&) override {
    begin_value();
    append_double(json_, value);
    return fits();
  }
  bool string(string_t& value) override {
    begin_value();
    append_json_string(json_, value);
    return fits();
  }
  bool binary(binary_t& value) override {
    const std::string_view bytes(reinterpret_cast<const char*>(value.data()), value.size());
    return value.has_subtype() ? extension(value.subtype(), bytes) : attach(bytes);
  }
  bool attach(std::string_view bytes) {
    if (attachments_.size() == limits_.attachments) return fail("it has too many attachments");
    attachments_.emplace_back(bytes);
    attached_ += bytes.size();
    return write(fmt::format(R"({{"_placeholder":true,"num":{}}})", attachments_.size() - 1));
  }
  bool start_object(std::size_t) override { return open('{'); }
  bool start_array(std::size_t) override { return open('['); }
  bool key(string_t& name) override {
    member_at_ = json_.size();
    first_member_ = first_;
    separate();
    append_json_string(json_, name);
    json_ += ':';
    after_key_ = true;
    return fits();
  }
  bool end_object() override { return close('}'); }
  bool end_array() override { return close(']'); }

 private:
  bool extension(std::uint64_t type, std::string_view bytes) {
    if (type == kOfNotepack && bytes.size() == 1) return undefined();
    if (type == kOfNotepack && bytes.size() == sizeof(std::int64_t))
      return write(iso_8601(of_milliseconds(static_cast<std::int64_t>(big_endian(bytes)))));
    if (type == kOfNotepack) return attach(bytes);
    const auto time = type == kTimestamp ? read_timestamp(bytes) : std::nullopt;
    return time ? write(iso_8601(*time)) : fail("it has an extension type that is no timestamp");
  }
  /// A member is left out, and an element is null.
  bool undefined() {
    if (!std::exchange(after_key_, false)) return write("null");
    json_.resize(member_at_);
    first_ = first_member_;
    return true;
  }
  bool open(char bracket) {
    if (depth_ == limits_.depth) return fail("it is nested too deeply");
    begin_value();
    json_ += bracket;
    ++depth_;
    first_ = true;
    return fits();
  }
  bool close(char bracket) {
    json_ += bracket;
    --depth_;
    first_ = false;
    return fits();
  }
  void separate() {
    if (!std::exchange(first_, false)) json_ += ',';
  }
  void begin_value() {
    if (!std::exchange(after_key_, false)) separate();
  }
  bool write(std::string_view text) {
    begin_value();
    json_ += text;
    return fits();
  }
  bool fits() { return json_.size() + attached_ <= limits_.bytes || fail("it is too large"); }
  bool fail(std::string_view error) {
    error_ = error;
    return false;
  }

  const UnpackLimits limits_;
  std::string json_;
  std::vector<std::string> attachments_;
  std::size_t attached_ = 0;  ///< bytes
  std::size_t depth_ = 0;
  bool first_ = true;          ///< nothing stands before it in its array or object
  bool after_key_ = false;     ///< of its member
  std::size_t member_at_ = 0;  ///< where the last key begins, with what separates it
  bool first_member_ = true;   ///< was that the first of its object?
  std::string_view error_ = "it is not MessagePack";
};

}  // namespace

std::expected<Unpacked, std::string_view> unpack(std::string_view bytes, const UnpackLimits& limits) {
  constexpr std::size_t kLeast = 9;  // of what becomes one character, a float
  if (bytes.size() / kLeast > limits.bytes) return std::unexpected("it is too large");
  Writer writer(limits);
  if (!nlohmann::json::sax_parse(bytes.begin(), bytes.end(), &writer, nlohmann::json::input_format_t::msgpack))
    return std::unexpected(writer.error());
  return writer.take();
}

}  // namespace signalbox::cluster
