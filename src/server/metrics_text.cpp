#include "server/metrics_text.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>
#include <utility>
#include <vector>

#include <signalbox/version.hpp>

#include "base/utf8.hpp"
#include "server/metric_table.hpp"

namespace signalbox::server {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily family(std::string_view name, std::string_view help, MetricKind kind) {
  MetricFamily out;
  out.name = "signalbox_" + std::string(name);
  out.help = help;
  out.type = MetricType::Gauge;
  if (kind == MetricKind::counter) {
    out.name += "_total";
    out.type = MetricType::Counter;
  }
  return out;
}

void add_number(MetricFamily& to, double value, std::vector<ClientMetric::Label> labels = {}) {
  ClientMetric metric;
  metric.label = std::move(labels);
  (to.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  to.metric.push_back(std::move(metric));
}

/// Buckets count all that is shorter as well.
MetricFamily histogram(const TimeMetric& metric, const Histogram::Values& values) {
  MetricFamily out = family(metric.name, metric.help, MetricKind::gauge);
  out.type = MetricType::Histogram;
  ClientMetric one;
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < Histogram::kBuckets; ++i) {
    const bool last = i + 1 == Histogram::kBuckets;
    so_far += values.counts[i];
    one.histogram.bucket.push_back(
        {so_far, last ? std::numeric_limits<double>::infinity() : Histogram::seconds_up_to(i)});
  }
  one.histogram.sample_count = so_far;
  one.histogram.sample_sum = static_cast<double>(values.nanoseconds) / 1e9;
  out.metric.push_back(std::move(one));
  return out;
}

std::vector<MetricFamily> families(const Snapshot& snapshot) {
  std::vector<MetricFamily> out;
  const auto add = [&out](std::string_view name, std::string_view help, MetricKind kind) -> MetricFamily& {
    return out.emplace_back(family(name, help, kind));
  };
  add_number(add("build_info", "1; the version is its label.", MetricKind::gauge), 1, {{"version", kVersion}});
  add_number(add("cpu_seconds", "Processor time of the process.", MetricKind::counter), snapshot.cpu_seconds);
  for (const Metric& metric : metrics())
    add_number(add(metric.name, metric.help, metric.kind), static_cast<double>(snapshot.*metric.member));
  for (const LabelledMetric& metric : labelled_metrics()) {
    MetricFamily& to = add(metric.name, metric.help, MetricKind::counter);
    for (const Labelled& one : snapshot.*metric.member)
      add_number(to, static_cast<double>(one.value), {{std::string(metric.label), std::string(one.label)}});
  }
  for (const QueueMetric& metric : queue_metrics()) {
    MetricFamily& to = add(metric.name, metric.help, metric.kind);
    for (const queue::QueueStatus& row : snapshot.queues)
      add_number(to, static_cast<double>(row.*metric.member),
                 {{"queue", made_valid_utf8(row.name)}, {"source", row.source}});
  }
  for (const TimeMetric& metric : time_metrics()) out.push_back(histogram(metric, snapshot.*metric.member));
  return out;
}

}  // namespace

std::string metrics_text(const Snapshot& snapshot) {
  return prometheus::TextSerializer().Serialize(families(snapshot));
}

}  // namespace signalbox::server
