#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "redis/command.hpp"
#include "redis/error.hpp"

namespace signalbox::redis {

/// A Lua script, by whose SHA-1 Redis calls it.
class Script {
 public:
  explicit Script(std::string source);
  const std::string& source() const { return source_; }
  const std::string& sha1() const { return sha1_; }  ///< in hexadecimal digits

 private:
  std::string source_, sha1_;
};

/// One run of a script: what it touches, and what it is told.
struct ScriptCall {
  std::vector<std::string> keys{};
  std::vector<std::string> arguments{};
};

/// Sends a command of a script.
using Send = std::function<void(const Command&, OnAnswer)>;

/// Runs it by its SHA-1, which is all that travels, and once more with its source where Redis does not know it yet;
/// such a call comes behind those that were sent meanwhile. `script` outlives the answer.
void run(const Script& script, ScriptCall call, const Send& send, OnAnswer on_answer);

}  // namespace signalbox::redis
