#pragma once
#include <cstddef>
#include <optional>
#include <string_view>

#include <signalbox/json_text.hpp>

namespace signalbox::queue {

/// JSON as Python's json.dumps() and JavaScript's JSON.stringify() write it, from now on such as check_json() takes:
/// NaN and the infinities, which Python writes as words, become null, and half a surrogate pair, of either, becomes
/// U+FFFD.
///
/// thread  any. source  docs.python.org/3/library/json.html, allow_nan and ensure_ascii; ECMA-262, QuoteJSONString.
std::optional<JsonText> check_lenient_json(std::string_view text, std::size_t max_depth);

}  // namespace signalbox::queue
