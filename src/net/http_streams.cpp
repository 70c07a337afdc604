#include <utility>

#include "net/budgets.hpp"
#include "net/http_server.hpp"

// Answers that go on.
namespace signalbox::net {

void HttpServer::stream(Connection& connection, const Response& head, std::unique_ptr<BodySource> body) {
  HttpState& http = *connection.http;
  const bool close = !http.head_only || !http.keep_alive || stopping_;
  http.chunked = http.parser.http_1_1();
  append_stream_head(http.out, head,
                     {.date = date_.now(), .cors = http.cors, .head_only = http.head_only, .close = close},
                     http.chunked);
  clear_and_shrink(http.cors);
  http.parser.reset();
  if (std::exchange(http.head_only, false)) {
    connection.mode = close ? Mode::ending : Mode::head;
    connections_.set_deadline(connection, loop_.now() + options_.idle_timeout);
  } else {
    connection.mode = Mode::streaming;
    http.source = std::move(body);
    http.until = http.source->until();
    http.input.clear();
    connection.paused = false;
    count_partial(connection);
  }
  connections_.touch(connection);
}

void HttpServer::go_on(const RequestId& request) {
  Connection* connection = connections_.find(request);
  if (connection && connection->mode == Mode::streaming) connections_.touch(*connection);
}

// All that came before has left. The piece leaves at the next look, perhaps in this turn.
void HttpServer::give_next_piece(Connection& connection) {
  HttpState& http = *connection.http;
  connections_.set_deadline(connection, http.until);
  std::string piece;
  const auto next = stopping_ ? BodySource::Next::end : http.source->next(piece);
  if (http.chunked) {
    append_chunk(http.out, piece);
  } else {
    http.out += piece;
  }
  if (next == BodySource::Next::end) {
    if (http.chunked) http.out += kLastChunk;
    http.source.reset();
    connection.mode = Mode::ending;
  }
  if (next != BodySource::Next::later || !http.out.empty()) connections_.touch(connection);
}

}  // namespace signalbox::net
