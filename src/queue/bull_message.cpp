#include "queue/bull_message.hpp"

#include <signalbox/json_text.hpp>

#include "base/json_scan.hpp"

namespace signalbox::queue {
namespace {

using StepKind = JobStep::Kind;

/// A text as it is; of another value its JSON.
std::string text_of(std::string_view value) {
  return json_string(value).value_or(std::string(value));
}

std::optional<StepKind> kind_of(std::string_view event) {
  if (event == "progress") return StepKind::progress;
  if (event == "completed") return StepKind::completed;
  if (event == "failed") return StepKind::failed;
  return std::nullopt;
}

}  // namespace

std::optional<JobStep> read_bull_message(std::string_view event, std::string_view payload) {
  const auto kind = kind_of(event);
  if (!kind) return std::nullopt;
  JobStep step{.kind = *kind};
  JsonItems members(payload);
  while (const auto value = members.is_object() ? members.next() : std::nullopt) {
    if (members.named("jobId")) step.job = text_of(*value);
    if (members.named("progress") && step.kind == StepKind::progress) step.value = *value;
    if (members.named("val") && step.is_outcome()) step.value = text_of(*value);
  }
  return step.job.empty() ? std::nullopt : std::optional(std::move(step));
}

}  // namespace signalbox::queue
