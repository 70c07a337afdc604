#pragma once
#include <cstddef>
#include <string_view>

namespace signalbox {

/// Is this one JSON value that JSON.parse in a browser takes and reads as it was meant? Refused are numbers beyond its
/// range (1e400), lone surrogates, bytes that are not UTF-8, and nesting deeper than `max_depth`; integers of any
/// length are taken.
///
/// thread  any. source  RFC 8259.
bool valid_json(std::string_view text, std::size_t max_depth);

}  // namespace signalbox
