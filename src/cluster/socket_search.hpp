#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "cluster/node_message.hpp"

namespace signalbox::cluster {

/// Asks other nodes whether they have the socket that a client shows, and answers them. A node that does not answer in
/// time has it not.
///
/// thread  its owner's.
class SocketSearch {
 public:
  using Then = std::move_only_function<void(bool here)>;
  /// Publishes one part for the node of that tag.
  using Send = std::function<void(std::string_view tag, const NodePart& part)>;
  using Has = std::function<bool(std::string_view pid)>;

  SocketSearch(Send send, Has has, Milliseconds patience)
      : send_(std::move(send)), has_(std::move(has)), patience_(patience) {}

  /// Calls `then` once.
  void ask(std::string_view tag, std::string_view pid, Then then, TimePoint now);
  void on_question(std::string_view from_tag, const SocketQuestion& question);
  void on_answer(std::string_view from_tag, const SocketAnswer& answer);
  /// Nobody hears what is sent to it.
  void on_node_gone(std::string_view tag);
  void on_bus_lost();

  TimePoint next_deadline() const { return deadlines_.empty() ? kNever : deadlines_.front().first; }
  void on_timer(TimePoint now);

 private:
  /// The node that is asked, and the question's number.
  using Name = std::pair<std::string, std::uint64_t>;
  using All = std::map<Name, Then>;
  void give_up(All::iterator begin, All::iterator end);

  const Send send_;
  const Has has_;
  const Milliseconds patience_;
  All asked_;                                         ///< in the order of their nodes, since a client may name any
  std::deque<std::pair<TimePoint, Name>> deadlines_;  ///< of those that are answered, too
  std::uint64_t last_ = 0;
};

}  // namespace signalbox::cluster
