#include "queue/bullmq_entry.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace signalbox::queue {
namespace {

using StepKind = JobStep::Kind;

/// An event, and which of its fields has what it says.
struct Known {
  std::string_view event;
  StepKind kind;
  std::string_view field{};
};

constexpr Known kKnown[] = {
    {"progress", StepKind::progress, "data"},
    {"completed", StepKind::completed, "returnvalue"},
    {"failed", StepKind::failed, "failedReason"},
    {"added", StepKind::added},
    {"removed", StepKind::removed},
};

Known known(std::string_view event) {
  const auto* found = std::ranges::find(kKnown, event, &Known::event);
  return found == std::end(kKnown) ? Known{.event = event, .kind = StepKind::seen} : *found;
}

}  // namespace

std::optional<JobStep> take_bullmq_entry(redis::Reply& entry, StreamId& at) {
  if (entry.elements.size() != 2) return std::nullopt;
  const auto id = StreamId::parse(entry.elements[0].text);
  if (!id) return std::nullopt;
  at = *id;
  auto& fields = entry.elements[1].elements;
  if (fields.size() < 4 || fields[0].text != "event") return std::nullopt;
  const auto [event, kind, field] = known(fields[1].text);
  JobStep step{.kind = kind, .at = *id};
  for (std::size_t i = 2; i + 1 < fields.size(); i += 2) {
    if (fields[i].text == "jobId") step.job = std::move(fields[i + 1].text);
    if (!field.empty() && fields[i].text == field) {
      step.truncated = fields[i + 1].is_nil();
      step.value = std::move(fields[i + 1].text);
    }
  }
  return step.job.empty() ? std::nullopt : std::optional(std::move(step));
}

ReadEntries take_bullmq_entries(redis::Reply& entries) {
  ReadEntries out;
  out.count = entries.elements.size();
  out.steps.reserve(out.count);
  for (redis::Reply& entry : entries.elements) {
    auto step = take_bullmq_entry(entry, out.last);
    if (!step) continue;
    out.bytes += step->job.size() + step->value.size();
    out.steps.push_back(std::move(*step));
  }
  return out;
}

}  // namespace signalbox::queue
