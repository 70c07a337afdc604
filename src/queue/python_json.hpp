#pragma once
#include <cstddef>
#include <optional>
#include <string_view>

#include <signalbox/json_text.hpp>

namespace signalbox::queue {

/// JSON as Python's json.dumps() writes it, from now on such as check_json() takes: NaN and the infinities, which
/// Python writes as words, become null, and half a surrogate pair becomes U+FFFD.
///
/// thread  any. source  docs.python.org/3/library/json.html, allow_nan and ensure_ascii.
std::optional<JsonText> check_python_json(std::string_view text, std::size_t max_depth);

}  // namespace signalbox::queue
