#include "server/admin/trace_stream.hpp"

#include <fmt/format.h>

#include <iterator>
#include <string_view>
#include <utility>

namespace signalbox::server::admin {

TraceStream::TraceStream() : out_(": trace\n\n") {}

void TraceStream::add(const hub::TraceRow::Lines& lines, std::int64_t at_ms) {
  if (ended_) return;
  lost_at_ms_ = at_ms;
  if (out_.size() >= kMostBytes) {
    lost_ += lines.count + lines.lost;
    return;
  }
  tell_lost();
  std::string_view text = lines.text;
  while (!text.empty()) {
    const std::size_t end = text.find('\n') + 1;
    out_.append("data: ").append(text.substr(0, end)) += '\n';
    text.remove_prefix(end);
  }
  lost_ = lines.lost;
}

void TraceStream::tell_lost() {
  if (lost_ == 0) return;
  fmt::format_to(std::back_inserter(out_), "data: {{\"at\":{},\"what\":\"lost\",\"count\":{}}}\n\n", lost_at_ms_,
                 std::exchange(lost_, 0));
}

void TraceStream::comment() {
  if (empty()) out_ = ":\n\n";
}

void TraceStream::end() {
  if (std::exchange(ended_, true)) return;
  tell_lost();
  out_ += "event: end\ndata: {}\n\n";
}

void TraceStream::take(std::string& piece) {
  tell_lost();
  // No event is as long as that.
  const std::size_t size = out_.size() <= kMostBytes ? out_.size() : out_.rfind("\n\n", kMostBytes - 2) + 2;
  piece.append(out_, 0, size);
  out_.erase(0, size);
}

}  // namespace signalbox::server::admin
