#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "net/application.hpp"

namespace signalbox::net {

/// The value of the Date field, written once a second. thread: its owner's.
class HttpDate {
 public:
  std::string_view now();

 private:
  std::string text_;
  std::int64_t second_ = -1;
};

/// How an answer is sent, apart from its content.
struct AnswerFraming {
  std::string_view date;
  std::string_view cors;   ///< rendered fields
  bool head_only = false;  ///< to HEAD: the body's length without the body
  bool close = false;
};

void append_answer(std::string& out, const Response& response, const AnswerFraming& framing);
/// The head of an answer whose body goes on; of HTTP/1.1 in chunks, as HTTP/1.0 knows none.
void append_stream_head(std::string& out, const Response& response, const AnswerFraming& framing, bool chunked);
/// Nothing for no bytes: an empty chunk would be the end.
void append_chunk(std::string& out, std::string_view bytes);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace signalbox::net
