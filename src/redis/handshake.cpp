#include "redis/handshake.hpp"

#include <utility>

namespace signalbox::redis {

Handshake::Handshake(const Identity& identity)
    : identity_(identity), database_(std::to_string(identity.database.value_or(0))) {
  go_on(Step::hello);
}

/// To that step, or to the first behind it that has something to say. SELECT is said of database 0 too, and PING where
/// there is none: so that a server that wants a password says so here, and not to the first command.
void Handshake::go_on(Step step) {
  if (step == Step::hello && identity_.password.empty()) step = Step::select;
  if (step == Step::name && identity_.name.empty()) step = Step::done;
  step_ = step;
}

std::optional<Command> Handshake::next() const {
  const std::string_view user = identity_.user.empty() ? std::string_view("default") : identity_.user;
  switch (step_) {
    case Step::hello:
      return Command{"HELLO", "2", "AUTH", user, identity_.password};
    case Step::auth:
      return identity_.user.empty() ? Command{"AUTH", identity_.password} : Command{"AUTH", user, identity_.password};
    case Step::select:
      return identity_.database ? Command{"SELECT", database_} : Command{"PING"};
    case Step::name:
      return Command{"CLIENT", "SETNAME", identity_.name};
    case Step::done:
      return std::nullopt;
  }
  std::unreachable();
}

std::optional<Error> Handshake::on_answer(const Answer& answer) {
  const Step step = step_;
  const bool refused = !answer && answer.error().kind == Error::Kind::refused;
  const bool may_be_refused = step == Step::name && refused && !ends_connection(answer.error());  // it is for people
  const bool knows_no_hello = step == Step::hello && refused && answer.error().text.starts_with("ERR unknown command");
  if (!answer && !may_be_refused && !knows_no_hello) return answer.error();
  if (step == Step::hello) {
    go_on(knows_no_hello ? Step::auth : Step::select);
  } else {
    go_on(static_cast<Step>(std::to_underlying(step) + 1));
  }
  return std::nullopt;
}

}  // namespace signalbox::redis
