#include "cluster/adapter_answers.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "base/json_write.hpp"
#include "cluster/adapter_request.hpp"

namespace signalbox::cluster {
namespace {

using Type = AdapterRequest::Type;

/// {"requestId":"…"
std::string begin(std::string_view request) {
  std::string out = R"({"requestId":)";
  append_json_string(out, request);
  return out;
}

void append_type(std::string& out, Type type) {
  out += R"(,"type":)";
  append_int(out, static_cast<int>(type));
}

void append_texts(std::string& out, std::string_view name, std::span<const std::string> texts) {
  out += ',';
  append_json_string(out, name);
  out += ":[";
  for (const std::string& text : texts) {
    if (&text != &texts.front()) out += ',';
    append_json_string(out, text);
  }
  out += ']';
}

void append_socket(std::string& out, const AdapterSocket& socket) {
  out += R"({"id":)";
  append_json_string(out, socket.id);
  out.append(R"(,"handshake":)").append(socket.handshake);
  append_texts(out, "rooms", socket.rooms);
  out += R"(,"data":{}})";
}

}  // namespace

std::string socket_ids_answer(std::string_view request, std::span<const std::string> ids) {
  std::string out = begin(request);
  append_texts(out, "sockets", ids);
  return out += '}';
}

std::string rooms_answer(std::string_view request, std::span<const std::string> rooms) {
  std::string out = begin(request);
  append_texts(out, "rooms", rooms);
  return out += '}';
}

std::string sockets_answer(std::string_view request, std::span<const AdapterSocket> sockets) {
  std::string out = begin(request) + R"(,"sockets":[)";
  for (const AdapterSocket& socket : sockets) {
    if (&socket != &sockets.front()) out += ',';
    append_socket(out, socket);
  }
  return out += "]}";
}

std::string done_answer(std::string_view request) {
  return begin(request) + '}';
}

std::string server_side_answer(std::string_view request, std::string_view argument) {
  std::string out = begin(request);
  append_type(out, Type::server_side_emit);
  return out.append(R"(,"data":)").append(argument) += '}';
}

std::string client_count_answer(std::string_view request, std::size_t clients) {
  std::string out = begin(request);
  append_type(out, Type::client_count);
  out += R"(,"clientCount":)";
  append_int(out, static_cast<std::int64_t>(clients));
  return out += '}';
}

std::expected<std::string, std::string_view> ack_answer(std::string_view request, std::string_view argument) {
  using Json = nlohmann::json;
  Json value = Json::parse(argument, nullptr, false);
  if (value.is_discarded()) return std::unexpected("an acknowledgement cannot be written as MessagePack");
  std::string out;
  Json::to_msgpack({{"type", static_cast<int>(Type::ack)}, {"requestId", request}, {"packet", std::move(value)}}, out);
  return out;
}

}  // namespace signalbox::cluster
