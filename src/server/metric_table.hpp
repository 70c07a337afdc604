#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "queue/source.hpp"
#include "server/snapshot.hpp"

namespace signalbox::server {

enum class MetricKind : std::uint8_t { gauge, counter };

/// A number of a Snapshot. `name` is without the prefix signalbox_, and of a counter without _total.
struct Metric {
  std::string_view name;
  MetricKind kind;
  std::uint64_t Snapshot::* member;
  std::string_view help;
  bool logged = false;  ///< is it a count of which the log tells, once a minute?
};
std::span<const Metric> metrics();

/// Counters of several kinds, each with a label.
struct LabelledMetric {
  std::string_view name, label;
  std::vector<Labelled> Snapshot::* member;
  std::string_view help;
};
std::span<const LabelledMetric> labelled_metrics();

/// A number of each queue that is read here.
struct QueueMetric {
  std::string_view name;
  MetricKind kind;
  std::uint64_t queue::QueueStatus::* member;
  std::string_view help;
};
std::span<const QueueMetric> queue_metrics();

/// How long something takes, in seconds.
struct TimeMetric {
  std::string_view name;
  Histogram::Values Snapshot::* member;
  std::string_view help;
};
std::span<const TimeMetric> time_metrics();

}  // namespace signalbox::server
