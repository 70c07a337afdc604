#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "redis/command.hpp"
#include "redis/error.hpp"

namespace signalbox::redis {

/// Who a connection is, and which database it means.
struct Identity {
  std::string user{};                    ///< empty: Redis' default user
  std::string password{};                ///< empty: none is shown
  std::optional<unsigned> database = 0;  ///< nothing: a sentinel, which has none
  std::string name{};                    ///< for people who read CLIENT LIST; empty: none
};

/// What a new connection says first, one command after the other.
class Handshake {
 public:
  explicit Handshake(const Identity& identity);

  /// The next command, whose views are good until on_answer(); nothing: all is said.
  std::optional<Command> next() const;
  /// The answer to it. Returns why the connection is of no use, if it is not.
  std::optional<Error> on_answer(const Answer& answer);

 private:
  enum class Step : std::uint8_t { hello, auth, select, name, done };
  void go_on(Step step);

  const Identity identity_;
  const std::string database_;
  Step step_ = Step::hello;
};

}  // namespace signalbox::redis
