#include <algorithm>
#include <utility>

#include "net/budgets.hpp"
#include "net/http_server.hpp"

// Requests and answers of one connection.
namespace signalbox::net {
namespace {

constexpr std::uint64_t kMaxDiscard = 64 * 1024;
constexpr std::uint64_t kMostReserved = 1u << 20;  ///< for a body: one that grew in steps would leave holes behind

}  // namespace

RequestId HttpServer::id_of(const Connection& connection) const {
  return {.shard = loop_.index(),
          .slot = connection.slot,
          .generation = connection.generation,
          .number = connection.http->number};
}

std::size_t HttpServer::on_bytes(Connection& connection, std::string_view bytes) {
  HttpState& http = *connection.http;
  if (connection.mode == Mode::body) return on_body_bytes(connection, bytes);
  if (connection.mode == Mode::discard) {
    const auto take = std::min<std::uint64_t>(http.left, bytes.size());
    http.left -= take;
    if (http.left == 0) {
      connection.mode = Mode::head;
      connections_.touch(connection);
    }
    return take;
  }
  if (!http.parser.started()) {
    http.begun_at = loop_.now();
    connections_.set_deadline(connection, loop_.now() + options_.head_timeout);
  }
  const auto used = http.parser.feed(bytes);
  if (http.parser.failed()) {
    fail(connection, http.parser.status());
    return bytes.size();
  }
  if (!http.parser.done()) return used;
  return on_head(connection, bytes.substr(used)) ? bytes.size() : used;
}

bool HttpServer::on_head(Connection& connection, std::string_view rest) {
  HttpState& http = *connection.http;
  const std::string address = reactor::to_text(connection.http->peer);
  RequestHead head = http.parser.head();
  head.remote_address = address;
  head.door = connection.door;
  ++http.number;
  http.keep_alive = http.parser.keep_alive();
  http.head_only = head.method == "HEAD";
  const bool at_service = head.door == Door::service;
  http.engine = at_service && head.path == options_.path;
  http.sid.clear();
  http.cors.clear();
  http.body.clear();
  http.left = head.content_length;
  connection.mode = Mode::waiting;
  connections_.set_deadline(connection, kNever);
  if (http.engine) return engine_.on_head(connection, head, rest);

  Admission admission{.max_body = at_service ? options_.session.max_payload_bytes : 0};
  if (auto refusal = application_->on_head(head, admission)) {
    refuse(connection, *refusal);
  } else {
    if (admission.standing > connection.standing) budgets_.set_standing(connection, admission.standing);
    begin_body(connection, admission.max_body);
  }
  return false;
}

void HttpServer::begin_body(Connection& connection, std::size_t max_body) {
  HttpState& http = *connection.http;
  http.max_body = max_body;
  if (http.left > max_body) {
    if (http.engine && !http.sid.empty()) engine_.on_gone(connection, Gone::too_large);
    return refuse(connection, application_->refusal(413, connection.door));
  }
  if (http.left == 0 && !http.parser.chunked()) return on_whole_request(connection);
  connection.mode = Mode::body;
  http.body.reserve(std::min<std::uint64_t>(http.parser.chunked() ? max_body : http.left, kMostReserved));
  http.chunks = {};
  connections_.set_deadline(connection, loop_.now() + options_.body_timeout);
  if (http.parser.expects_continue()) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    std::size_t written = 0;
    // Written at once: a small line into an empty socket buffer. A connection that does not even take that is given up.
    if (connections_.write(connection, kContinue, written) && written != kContinue.size())
      connections_.close(connection);
  }
}

std::size_t HttpServer::on_body_bytes(Connection& connection, std::string_view bytes) {
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

void HttpServer::on_whole_request(Connection& connection) {
  HttpState& http = *connection.http;
  connection.mode = Mode::waiting;
  connections_.set_deadline(connection, kNever);
  http.left = 0;
  if (http.engine) return engine_.on_whole_request(connection);
  const std::string address = reactor::to_text(connection.http->peer);
  const std::string body = std::move(http.body);  // the answer may come inside the call and begin the next request
  http.body.clear();
  const std::string raw = http.parser.raw();
  RequestHead head = http.parser.head(raw);
  head.remote_address = address;
  head.door = connection.door;
  static_cast<void>(http.parser.take_raw());
  application_->on_request(head, body, id_of(connection), loop_.now());
}

// Also one that is not the last may close the connection: where the peer wants that, or the shard ends.
void HttpServer::answer(Connection& connection, const Response& response, bool close) {
  HttpState& http = *connection.http;
  close = close || response.close || !http.keep_alive || stopping_;
  append_answer(http.out, response,
                {.date = date_.now(), .cors = http.cors, .head_only = http.head_only, .close = close});
  clear_and_shrink(http.cors);
  http.head_only = false;
  http.parser.reset();
  std::string().swap(http.body);
  if (close) {
    connection.mode = Mode::ending;
    http.left = 0;
  } else {
    connection.mode = http.left != 0 ? Mode::discard : Mode::head;
  }
  const bool discards = connection.mode == Mode::discard;
  connections_.set_deadline(connection, loop_.now() + (discards ? options_.body_timeout : options_.idle_timeout));
  connections_.touch(connection);
}

// What is left of the body is thrown away, or the connection goes; it is never taken for a request.
void HttpServer::refuse(Connection& connection, const Response& response) {
  const HttpState& http = *connection.http;
  answer(connection, response, http.parser.chunked() || http.parser.expects_continue() || http.left > kMaxDiscard);
}

// The stream cannot be trusted any more, or the client took too long.
void HttpServer::fail(Connection& connection, int status) {
  HttpState& http = *connection.http;
  if (connection.mode != Mode::head && http.engine && !http.sid.empty()) {
    engine_.on_gone(connection, status == 413 ? Gone::too_large : Gone::connection);
  }
  http.head_only = false;
  answer(connection, application_->refusal(status, connection.door), true);
}

Connection* HttpServer::waiting_for(const RequestId& request) const {
  Connection* connection = connections_.find(request);
  return connection && connection->mode == Mode::waiting ? connection : nullptr;
}

void HttpServer::hold_body(Connection& connection) {
  connection.mode = Mode::asking;
  connections_.set_deadline(connection, loop_.now() + options_.body_timeout);
}

void HttpServer::let_in(Connection& connection, std::size_t max_body) {
  begin_body(connection, max_body);
  if (connection.mode == Mode::closed) return;
  connection.http->input.empty() ? count_partial(connection) : take_input(connection);
}

}  // namespace signalbox::net
