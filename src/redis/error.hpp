#pragma once
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include "redis/reply.hpp"

namespace signalbox::redis {

/// Why a command has no answer, or why there is no connection.
struct Error {
  enum class Kind : std::uint8_t {
    down,     ///< there is no connection: the command was not sent
    full,     ///< too much waits already: the command was not sent
    lost,     ///< the connection ended first: nobody knows whether it was carried out
    late,     ///< no answer in time: likewise
    refused,  ///< Redis said no
  };
  Kind kind;
  std::string code{};  ///< of a refusal, its first word: "NOAUTH", "WRONGTYPE", "ERR"
  std::string text;    ///< a sentence for people, with the remedy where we know one; never a password
  bool operator==(const Error&) const = default;
};

/// What Redis answers to a command; its own errors are an Error too, but for those inside an array.
using Answer = std::expected<Reply, Error>;
/// Called once, on the connection's thread. Where the command is not even sent: before the call that took it returns.
using OnAnswer = std::move_only_function<void(Answer)>;

/// Of what Redis says when it refuses something.
Error refusal(std::string_view said);
/// Does this refusal say that all others would be refused as well, so that another connection (or server) is wanted?
bool ends_connection(const Error& error);

}  // namespace signalbox::redis
