// What Celery and python-socketio publish in Redis: read, or refused with a sentence.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.hpp"
#include "base/json_check.hpp"
#include "queue/celery_message.hpp"
#include "queue/lenient_json.hpp"
#include "queue/python_message.hpp"

using namespace signalbox::queue;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view payload(reinterpret_cast<const char*>(data), size);
  static const CeleryReading reading{
      .user = celery_user("kwargs.user_id, args.0, result.user_id").value(), .most_bytes = 2000, .most_depth = 16};
  if (const auto report = read_celery_message(payload, reading)) {
    SB_ASSERT(!report->job_id.empty());
    SB_ASSERT(signalbox::valid_json(std::string_view(report->members), 1001));
    SB_ASSERT(report->kind == JobReport::Kind::progress || report->members.size() <= reading.most_bytes);
  }
  if (const auto emit = read_python_message(payload, {.bytes = 10'000, .depth = 16, .attachments = 4})) {
    SB_ASSERT(signalbox::valid_json(std::string_view(emit->arguments), 20));
    SB_ASSERT(emit->attachments.size() <= 4);
  }
  static_cast<void>(unix_ms_of_iso(payload));
  return 0;
}
