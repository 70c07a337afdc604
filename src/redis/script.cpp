#include "redis/script.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <utility>

#include "base/assert.hpp"

namespace signalbox::redis {
namespace {

std::string sha1_of(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  SB_ASSERT(EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr) == 1);
  std::string out;
  for (unsigned i = 0; i < size; ++i) out += fmt::format("{:02x}", digest[i]);
  return out;
}

/// `keys` is their count, as text.
Command command_of(std::string_view verb, std::string_view script, std::string_view keys, const ScriptCall& call) {
  Command command{verb, script, keys};
  command.insert(command.end(), call.keys.begin(), call.keys.end());
  command.insert(command.end(), call.arguments.begin(), call.arguments.end());
  return command;
}

}  // namespace

Script::Script(std::string source) : source_(std::move(source)), sha1_(sha1_of(source_)) {}

void run(const Script& script, ScriptCall call, const Send& send, OnAnswer on_answer) {
  const std::string keys = std::to_string(call.keys.size());
  const Command command = command_of("EVALSHA", script.sha1(), keys, call);
  // The texts that the command shows stay where they are while their vectors move.
  send(command, [&script, call = std::move(call), send, on_answer = std::move(on_answer)](Answer answer) mutable {
    if (answer || answer.error().code != "NOSCRIPT") return on_answer(std::move(answer));
    send(command_of("EVAL", script.source(), std::to_string(call.keys.size()), call), std::move(on_answer));
  });
}

}  // namespace signalbox::redis
