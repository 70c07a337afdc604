#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "net/shard.hpp"

// Requests and answers of one HTTP/1.1 connection.
namespace signalbox::net {
namespace {

constexpr std::uint64_t kMaxDiscard = 64 * 1024;
constexpr std::uint64_t kMostReserved = 1u << 20;  ///< for a body: one that grew in steps would leave holes behind
constexpr std::size_t kKeptCapacity = 1024;        ///< of an empty buffer, on a connection that may be idle for long

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Payload Too Large";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Entity";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Status";
  }
}

}  // namespace

void clear_and_shrink(std::string& buffer) {
  buffer.clear();
  if (buffer.capacity() > kKeptCapacity) buffer.shrink_to_fit();
}

RequestId Shard::request_id(const Connection& connection) const {
  return {
      .shard = index_, .slot = connection.slot, .generation = connection.generation, .number = connection.http->number};
}

std::size_t Shard::on_http_bytes(Connection& connection, std::string_view bytes) {
  HttpState& http = *connection.http;
  if (connection.mode == Mode::body) return on_body_bytes(connection, bytes);
  if (connection.mode == Mode::discard) {
    const auto take = std::min<std::uint64_t>(http.left, bytes.size());
    http.left -= take;
    if (http.left == 0) {
      connection.mode = Mode::head;
      touch(connection);
    }
    return take;
  }
  if (!http.parser.started()) {
    http.begun_at = now();
    set_deadline(connection, now() + options_.head_timeout);
  }
  const auto used = http.parser.feed(bytes);
  if (http.parser.failed()) {
    fail(connection, http.parser.status());
    return bytes.size();
  }
  if (!http.parser.done()) return used;
  return on_head(connection, bytes.substr(used)) ? bytes.size() : used;
}

bool Shard::on_head(Connection& connection, std::string_view rest) {
  HttpState& http = *connection.http;
  const std::string address = to_text(connection.peer);
  RequestHead head = http.parser.head();
  head.remote_address = address;
  ++http.number;
  http.keep_alive = http.parser.keep_alive();
  http.head_only = head.method == "HEAD";
  http.engine = head.path == options_.path;
  http.sid.clear();
  http.cors.clear();
  http.body.clear();
  http.left = head.content_length;
  connection.mode = Mode::waiting;
  set_deadline(connection, kNever);
  if (http.engine) return on_engine_head(connection, head, rest);

  Admission admission{.max_body = options_.session.max_payload_bytes};
  if (auto refusal = application_->on_head(head, admission)) {
    refuse(connection, std::move(*refusal));
  } else {
    if (admission.standing > connection.standing) budgets_.set_standing(connection, admission.standing);
    begin_body(connection, admission.max_body);
  }
  return false;
}

void Shard::begin_body(Connection& connection, std::size_t max_body) {
  HttpState& http = *connection.http;
  http.max_body = max_body;
  if (http.left > max_body) {
    if (http.engine && !http.sid.empty()) engine_gone(connection, Gone::too_large);
    return refuse(connection, application_->refusal(413));
  }
  if (http.left == 0 && !http.parser.chunked()) return on_whole_request(connection);
  connection.mode = Mode::body;
  http.body.reserve(std::min<std::uint64_t>(http.parser.chunked() ? max_body : http.left, kMostReserved));
  http.chunks = {};
  set_deadline(connection, now() + options_.body_timeout);
  if (http.parser.expects_continue()) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    std::size_t written = 0;
    // Written at once: a small line into an empty socket buffer. One that does not even take that is given up.
    if (write(connection, kContinue, written) && written != kContinue.size()) close_connection(connection);
  }
}

std::size_t Shard::on_body_bytes(Connection& connection, std::string_view bytes) {
  HttpState& http = *connection.http;
  if (http.parser.chunked()) {
    const auto used = http.chunks.feed(bytes, http.body, http.max_body);
    if (http.chunks.status() != 0) {
      fail(connection, http.chunks.status());
      return bytes.size();
    }
    if (http.chunks.done()) on_whole_request(connection);
    return used;
  }
  const auto take = std::min<std::uint64_t>(http.left, bytes.size());
  http.body.append(bytes.substr(0, take));
  http.left -= take;
  if (http.left == 0) on_whole_request(connection);
  return take;
}

void Shard::on_whole_request(Connection& connection) {
  HttpState& http = *connection.http;
  connection.mode = Mode::waiting;
  set_deadline(connection, kNever);
  http.left = 0;
  if (http.engine) return give_engine_request(connection);
  const std::string address = to_text(connection.peer);
  const std::string body = std::move(http.body);  // the answer may come inside the call and begin the next request
  http.body.clear();
  const std::string raw = http.parser.raw();
  RequestHead head = http.parser.head(raw);
  head.remote_address = address;
  static_cast<void>(http.parser.take_raw());
  application_->on_request(head, body, request_id(connection), now());
}

void Shard::put_answer(Connection& connection, int status, const Fields& fields, std::string_view body, bool close) {
  HttpState& http = *connection.http;
  close = close || !http.keep_alive || stop_deadline_ != kNever;
  auto out = std::back_inserter(http.out);
  fmt::format_to(out, "HTTP/1.1 {} {}\r\nDate: {}\r\n{}", status, reason_phrase(status), date(), http.cors);
  for (const auto& [name, value] : fields) fmt::format_to(out, "{}: {}\r\n", name, value);
  if (status != 204 && status != 304) fmt::format_to(out, "Content-Length: {}\r\n", body.size());
  if (status == 204) http.out += "Content-Length: 0\r\n";
  http.out += close ? "Connection: close\r\n\r\n" : "Connection: keep-alive\r\n\r\n";
  if (!http.head_only && status != 204 && status != 304) http.out += body;
  clear_and_shrink(http.cors);
  http.head_only = false;
  http.parser.reset();
  std::string().swap(http.body);
  if (close) {
    connection.mode = Mode::ending;
    http.left = 0;
    set_deadline(connection, now() + options_.idle_timeout);
  } else if (http.left != 0) {
    connection.mode = Mode::discard;
    set_deadline(connection, now() + options_.body_timeout);
  } else {
    connection.mode = Mode::head;
    set_deadline(connection, now() + options_.idle_timeout);
  }
  touch(connection);
}

// Before the body is in: what is left of it is thrown away, or the connection goes; it is never taken for a request.
void Shard::refuse(Connection& connection, const Response& response) {
  HttpState& http = *connection.http;
  const bool close =
      response.close || http.parser.chunked() || http.parser.expects_continue() || http.left > kMaxDiscard;
  put_answer(connection, response.status, response.fields, response.body, close);
}

// The stream cannot be trusted any more, or the client took too long.
void Shard::fail(Connection& connection, int status) {
  HttpState& http = *connection.http;
  if (connection.mode != Mode::head && http.engine && !http.sid.empty()) {
    engine_gone(connection, status == 413 ? Gone::too_large : Gone::connection);
  }
  http.head_only = false;
  const Response answer = application_->refusal(status);
  put_answer(connection, status, answer.fields, answer.body, true);
}

Connection* Shard::waiting_for(const RequestId& request) {
  Connection* connection = connections_.find(request.slot, request.generation);
  const bool waits = connection && connection->mode == Mode::waiting && connection->http->number == request.number;
  return waits ? connection : nullptr;
}

void Shard::answer(const RequestId& request, Response response) {
  if (Askers::names(request)) return askers_.answer(request, std::move(response));
  if (Connection* connection = waiting_for(request))
    put_answer(*connection, response.status, response.fields, response.body, response.close);
}

std::string_view Shard::date() {
  const std::time_t second = std::time(nullptr);
  if (second != date_second_) {
    std::tm parts{};
    gmtime_r(&second, &parts);
    char text[40];
    date_.assign(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts));
    date_second_ = second;
  }
  return date_;
}

}  // namespace signalbox::net
