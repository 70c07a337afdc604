#include "queue/python_message.hpp"

#include <cstdint>
#include <optional>
#include <utility>

#include "base/base64.hpp"
#include "base/json_check.hpp"
#include "base/json_scan.hpp"
#include "queue/lenient_json.hpp"
#include "socketio/packet.hpp"

namespace signalbox::queue {
namespace {

constexpr std::size_t kEnvelope = 3;  ///< levels around an argument: the message, data with its bytes, the arguments

/// A room or an id: text as it is, a number as its digits.
std::string room_name(std::string_view value) {
  auto text = json_string(value);
  return text ? *std::move(text) : std::string(value);
}

/// One, or an array of some; null is none.
std::vector<std::string> texts_of(std::string_view value) {
  std::vector<std::string> texts;
  JsonItems items(value);
  if (!items.is_array() && value != "null" && !value.empty()) texts.push_back(room_name(value));
  while (const auto item = items.is_array() ? items.next() : std::nullopt) texts.push_back(room_name(*item));
  return texts;
}

bool is_empty_array(std::string_view value) {
  return JsonItems(value).is_array() && !JsonItems(value).next();
}

/// From 5.15.1 on it is the list of the arguments; before, it is the one argument, unless that was a tuple. None is an
/// event without arguments, as a server of python-socketio sends it.
std::string array_of_arguments(std::string_view data) {
  if (data.empty() || data == "null" || (JsonItems(data).is_array() && JsonItems(data).rest() == "null")) return "[]";
  return JsonItems(data).is_array() ? std::string(data) : "[" + std::string(data) + "]";
}

/// `data` holds the arguments and behind them the bytes, in base64.
std::expected<std::string_view, std::string_view> take_attachments(std::string_view data, const PythonLimits& limits,
                                                                   std::vector<std::string>& attachments) {
  JsonItems parts(data);
  const auto arguments = parts.is_array() ? parts.next() : std::nullopt;
  if (!arguments) return std::unexpected("its data has no bytes");
  while (const auto part = parts.next()) {
    if (attachments.size() == limits.attachments)
      return std::unexpected("it has more attachments than MAX_ATTACHMENTS");
    const auto text = json_string(*part);
    auto bytes = text ? base64_decode(*text) : std::nullopt;
    if (!bytes) return std::unexpected("its bytes are no base64");
    attachments.push_back(*std::move(bytes));
  }
  return *arguments;
}

struct EmitMembers {
  std::string_view method, event, data, binary, nsp, room, skip_sid;
};

EmitMembers members_of(std::string_view object) {
  EmitMembers found;
  JsonItems members(object);
  while (const auto value = members.is_object() ? members.next() : std::nullopt) {
    if (members.named("method")) found.method = *value;
    if (members.named("event")) found.event = *value;
    if (members.named("data")) found.data = *value;
    if (members.named("binary")) found.binary = *value;
    if (members.named("namespace")) found.nsp = *value;
    if (members.named("room")) found.room = *value;
    if (members.named("skip_sid")) found.skip_sid = *value;
  }
  return found;
}

}  // namespace

std::expected<PythonEmit, std::string_view> read_python_message(std::string_view payload, const PythonLimits& limits) {
  if (is_pickle(payload)) return std::unexpected("it is a pickle, which is code: python-socketio 5.14 publishes JSON");
  if (payload.size() > limits.bytes) return std::unexpected("it is larger than MAX_PAYLOAD_BYTES");
  const auto text = check_lenient_json(payload, limits.depth + kEnvelope);
  if (!text) return std::unexpected("it is not JSON that a browser can read");
  const JsonView whole(*text);
  const EmitMembers members = members_of(whole);
  if (members.method != R"("emit")") return std::unexpected(kOtherMethod);
  auto event = json_string(members.event);
  if (!event) return std::unexpected("its event has no name");
  if (is_empty_array(members.room)) return std::unexpected(kNoRoom);
  PythonEmit emit{.event = *std::move(event), .rooms = texts_of(members.room), .except = texts_of(members.skip_sid)};
  emit.nsp = json_string(members.nsp).value_or("/");
  std::string_view data = members.data;
  if (members.binary == "true") {
    const auto arguments = take_attachments(data, limits, emit.attachments);
    if (!arguments) return std::unexpected(arguments.error());
    data = *arguments;
  }
  emit.arguments = CheckedJson::part(whole, array_of_arguments(data));
  const auto count = static_cast<std::uint32_t>(emit.attachments.size());
  if (count != 0 && !socketio::placeholders_fit(emit.arguments, count))
    return std::unexpected("it names bytes that it has not");
  return emit;
}

}  // namespace signalbox::queue
