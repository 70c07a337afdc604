#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/log.hpp"

namespace signalbox::test {

/// The log of a service, as lines without their fields.
struct NotedLog {
  std::vector<std::string> lines;
  log::LogRef log =
      std::make_shared<log::Log>("info", false, [this](const LogLine& line) { lines.emplace_back(line.event); });
};

}  // namespace signalbox::test
