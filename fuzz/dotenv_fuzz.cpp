// A `.env` file of a stranger: what it says is read or refused, and what is read can be written down and read again.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "base/config_table.hpp"
#include "base/dotenv.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

std::string quoted(std::string_view value) {
  std::string out = "\"";
  for (const char c : value) {
    if (c == '\n')
      out += "\\n";
    else if (c == '"' || c == '\\')
      (out += '\\') += c;
    else
      out += c;
  }
  return out += '"';
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto copy = std::make_unique<char[]>(size);  // exact size: one byte too far is seen
  std::copy(data, data + size, copy.get());
  const auto variables = signalbox::parse_dotenv({copy.get(), size});
  if (!variables) {
    require(variables.error().line > 0 && !variables.error().reason.empty());
    return 0;
  }
  std::string written;
  for (const auto& [name, value] : *variables) written += name + "=" + quoted(value) + "\n";
  require(signalbox::parse_dotenv(written) == *variables);
  try {
    static_cast<void>(signalbox::load_config({}, [](std::string_view) { return std::nullopt; }, *variables));
  } catch (const signalbox::ConfigError&) {
  }
  return 0;
}
