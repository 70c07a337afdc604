#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "hub/trace_row.hpp"

namespace signalbox::server::admin {

/// The lines of a trace as server-sent events, for somebody who may read slowly: what there is no room for is lost, and
/// counted. Pure.
class TraceStream {
 public:
  /// Past so many bytes that wait there is no room.
  static constexpr std::size_t kMostBytes = 64 * 1024;

  TraceStream();

  /// `at_ms`: Unix time.
  void add(const hub::TraceRow::Lines& lines, std::int64_t at_ms);
  /// Says nothing, but that the line is alive; unless something waits.
  void comment();
  /// Nothing follows.
  void end();

  /// The next piece, appended, of whole events; then it waits no more.
  void take(std::string& piece);
  bool empty() const { return out_.empty() && lost_ == 0; }
  bool ended() const { return ended_; }
  std::size_t bytes() const { return out_.size(); }

 private:
  void tell_lost();

  std::string out_;
  std::uint64_t lost_ = 0;
  std::int64_t lost_at_ms_ = 0;
  bool ended_ = false;
};

}  // namespace signalbox::server::admin
