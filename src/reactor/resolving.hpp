#pragma once
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "reactor/destination.hpp"

namespace signalbox::reactor {

class Loop;

/// Where a host is, in the order in which it is to be tried; or why nobody knows.
using Destinations = std::expected<std::vector<Destination>, std::string>;

/// Asks the system what a name or an address stands for. This may take half a minute.
Destinations look_up(const std::string& host, std::uint16_t port);
using LookUp = Destinations (*)(const std::string& host, std::uint16_t port);

/// A name that is being looked up, on a thread of its own, which may outlive this and the loop.
///
/// thread  its loop's.
class Resolving {
 public:
  /// `found` is called once, in a turn of the loop, unless this has gone before.
  Resolving(Loop& loop, std::string host, std::uint16_t port, std::move_only_function<void(Destinations)> found,
            LookUp look_up = reactor::look_up);
  ~Resolving();
  Resolving(const Resolving&) = delete;
  Resolving& operator=(const Resolving&) = delete;

 private:
  struct Question;
  const std::shared_ptr<Question> question_;
};

}  // namespace signalbox::reactor
