#include "store/store_writer.hpp"

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

namespace signalbox::store {
namespace {

/// While it lives, its thread may be waiting for the disk.
class AtTheDisk {
 public:
  explicit AtTheDisk(StoreQueue& queue) : queue_(queue) { queue_.disk_begins(); }
  ~AtTheDisk() { queue_.disk_ends(); }
  AtTheDisk(const AtTheDisk&) = delete;
  AtTheDisk& operator=(const AtTheDisk&) = delete;

 private:
  StoreQueue& queue_;
};

}  // namespace

void StoreWriter::run() {
  try {
    OutcomeFile file(directory_, [this] {
      last_sign = Clock::now();
      return queue.ending();
    });
    // A node that is alone for a while uses no rows either that others may remember.
    const bool unique = unique_rows_ || file.had_unique_rows();
    queue.begin_behind(unique ? std::max(file.new_start(), file.rows_before()) : file.rows_before());
    opened.set_value();
    serve(file);
  } catch (...) {  // the file could not be opened
    opened.set_exception(std::current_exception());
  }
  queue.ended();
}

// One piece of what is read after each commit: outcomes are not held up by a user who has many.
void StoreWriter::serve(OutcomeFile& file) {
  for (;;) {
    StoreQueue::Work work = queue.take();
    for (auto& task : work.tasks) task(file);
    const bool written = write(file, work.batch);
    if (work.ending && (work.batch.empty() || !written)) return;
    if (!work.ending) read_some(file);
  }
}

bool StoreWriter::write(OutcomeFile& file, const Batch& batch) {
  if (batch.empty()) return queue.written(batch), true;
  std::vector<StoreQueue::Fault> faults;
  try {
    const AtTheDisk at_the_disk(queue);
    const TimePoint begun = Clock::now();
    for (const auto& one : file.write(batch)) faults.push_back(drop(file, one));
    commits.observe(Clock::now() - begun);
  } catch (const StoreError& error) {
    queue.not_written(error.what());
    return false;
  }
  queue.written(batch, faults);
  // After the answers, which do not wait for it.
  const AtTheDisk at_the_disk(queue);
  file.tidy();
  return true;
}

// All steps but outcomes are dropped for good: without its receipt an outcome is told once more.
StoreQueue::Fault StoreWriter::drop(OutcomeFile& file, const OutcomeFile::Refused& one) {
  const auto& [step, error] = one;
  const auto* put = std::get_if<Put>(&step->what);
  const std::string user = put ? put->user : "", job(put ? put->outcome.frame->key() : "");
  step_refused_.write("the store can never take this and has refused it",
                      {{"user", user}, {"job", job}, {"what", error.what()}});
  if (put && refused) {
    users::RefusedOutcome outcome{.user = user, .job_id = job, .number = put->outcome.number, .row = step->row};
    try {
      outcome.before = file.outcome_in(step->row);
    } catch (const StoreError& unread) {
      cannot_read_.write("an outcome cannot be read", {{"user", user}, {"job", job}, {"what", unread.what()}});
    }
    queue.call([&] { refused(std::move(outcome)); });
  }
  return {.step = step, .commit = error.too_large() ? users::Commit::too_large : users::Commit::refused};
}

void StoreWriter::read_some(OutcomeFile& file) {
  queue.next_question(reading_);
  if (!reading_) return;
  try {
    const AtTheDisk at_the_disk(queue);
    if (file.read_more(reading_->reading)) return;
  } catch (const StoreError& error) {
    cannot_read_.write("outcomes cannot be read and are not told until they can", {{"what", error.what()}});
  }
  queue.answer(*std::exchange(reading_, std::nullopt));
}

}  // namespace signalbox::store
