#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace signalbox::queue {

// What the browser gets of a job beside its id: the text of a JSON object.

/// `text` as one JSON value: NaN and the infinities, which some writers put there, become null; what is no JSON all the
/// same becomes a text.
std::string as_json(std::string_view text, std::size_t max_depth);

/// Of {"progress","status"} an object may bring its own; else it is the progress.
std::string progress_members(std::string_view progress, std::size_t max_depth);
std::string completed_members(std::string_view result, std::size_t max_depth);
/// Of a result that was left out.
std::string truncated_members();
std::string failed_members(std::string_view error);

/// The most bytes of members that go into an event of `max_payload` bytes.
std::size_t room_for_members(std::string_view job, std::string_view queue, std::size_t max_payload);

}  // namespace signalbox::queue
