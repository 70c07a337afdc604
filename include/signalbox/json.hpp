#pragma once
#include <nlohmann/json.hpp>

namespace signalbox {
/// The JSON value that programs build and that handlers get. Keys keep the order in which they were written.
using json = nlohmann::ordered_json;
}  // namespace signalbox
