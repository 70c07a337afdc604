#include "redis/command.hpp"

#include <hiredis/hiredis.h>

#include <memory>

#include "base/assert.hpp"

namespace signalbox::redis {
namespace {

struct FreeCommand {
  void operator()(char* bytes) const noexcept { redisFreeCommand(bytes); }
};

constexpr std::size_t kMostDigits = 20;

}  // namespace

void append_command(const Command& command, std::string& out) {
  std::vector<const char*> arguments;
  std::vector<std::size_t> sizes;
  arguments.reserve(command.size());
  sizes.reserve(command.size());
  for (const std::string_view argument : command) {
    arguments.push_back(argument.data());
    sizes.push_back(argument.size());
  }
  char* bytes = nullptr;
  const int size = redisFormatCommandArgv(&bytes, static_cast<int>(command.size()), arguments.data(), sizes.data());
  SB_ASSERT(size > 0);
  const std::unique_ptr<char, FreeCommand> owned(bytes);
  out.append(bytes, static_cast<std::size_t>(size));
}

std::size_t encoded_size(const Command& command) {
  std::size_t size = kMostDigits + 3;  // "*2\r\n", then "$4\r\nECHO\r\n" for each
  for (const std::string_view argument : command) size += argument.size() + kMostDigits + 5;
  return size;
}

}  // namespace signalbox::redis
