#include "net/http_answer.hpp"

#include <fmt/format.h>

#include <ctime>
#include <iterator>

namespace signalbox::net {
namespace {

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
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Status";
  }
}

void append_fields(std::string& out, const Response& response, const AnswerFraming& framing) {
  auto end = std::back_inserter(out);
  fmt::format_to(end, "HTTP/1.1 {} {}\r\nDate: {}\r\n{}", response.status, reason_phrase(response.status), framing.date,
                 framing.cors);
  for (const auto& [name, value] : response.fields) fmt::format_to(end, "{}: {}\r\n", name, value);
}

void append_connection(std::string& out, const AnswerFraming& framing) {
  out += framing.close ? "Connection: close\r\n\r\n" : "Connection: keep-alive\r\n\r\n";
}

}  // namespace

std::string_view HttpDate::now() {
  const std::time_t second = std::time(nullptr);
  if (second != second_) {
    std::tm parts{};
    gmtime_r(&second, &parts);
    char text[40];
    text_.assign(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts));
    second_ = second;
  }
  return text_;
}

void append_answer(std::string& out, const Response& response, const AnswerFraming& framing) {
  const bool has_body = response.status != 204 && response.status != 304;
  append_fields(out, response, framing);
  if (has_body) fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", response.body.size());
  if (response.status == 204) out += "Content-Length: 0\r\n";
  append_connection(out, framing);
  if (has_body && !framing.head_only) out += response.body;
}

void append_stream_head(std::string& out, const Response& response, const AnswerFraming& framing, bool chunked) {
  append_fields(out, response, framing);
  if (chunked) out += "Transfer-Encoding: chunked\r\n";
  append_connection(out, framing);
}

void append_chunk(std::string& out, std::string_view bytes) {
  if (!bytes.empty()) fmt::format_to(std::back_inserter(out), "{:x}\r\n{}\r\n", bytes.size(), bytes);
}

}  // namespace signalbox::net
