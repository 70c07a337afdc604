#include "hub/presence_log.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.hpp"

namespace signalbox::hub {

PresenceLog::Iterator PresenceLog::after(std::uint64_t sequence) {
  return std::ranges::upper_bound(entries_, sequence, {}, &Entry::sequence);
}

void PresenceLog::add(std::uint64_t sequence, FrameRef frame, Audience to, std::uint64_t number) {
  Entry entry{.sequence = sequence, .frame = {std::move(frame), number}, .audience = std::move(to), .hash = 0};
  entry.hash = static_cast<std::uint32_t>(TextHash{}(entry.source()->key()));
  if (!indexed_ && entries_.size() >= short_) index_all();
  if (entry.is_notice()) {
    newest_notice_ = sequence;
  } else if (indexed_) {
    replace_older(entry);
  }
  entries_.push_back(std::move(entry));
  newest_ = sequence;
}

void PresenceLog::renumber(recovery::Offsets& offsets) {
  const std::uint64_t first = entries_.front().sequence, number = offsets.number_from(first);
  for (Entry& entry : entries_) entry.frame.number = number + (entry.sequence - first);
}

void PresenceLog::forget(std::uint64_t sequence) {
  for (; !entries_.empty() && entries_.front().sequence <= sequence; entries_.pop_front()) {
    const Entry& oldest = entries_.front();
    if (oldest.replaced()) {
      --replaced_;
    } else if (newest_of(oldest) == oldest.sequence) {
      newest_of_.remove(oldest.hash, oldest.sequence);
    }
  }
  if (!entries_.empty()) return;
  newest_of_ = {};  // with the memory of a long log
  indexed_ = false;
}

/// The newest transition of the same user in the index; 0: there is none.
std::uint64_t PresenceLog::newest_of(const Entry& entry) {
  return newest_of_.find(entry.hash, [&](std::uint64_t sequence) {
    return std::prev(after(sequence))->source()->key() == entry.source()->key();
  });
}

void PresenceLog::index_all() {
  indexed_ = true;
  for (const Entry& entry : entries_) {
    if (entry.is_notice()) continue;
    if (const std::uint64_t older = newest_of(entry)) newest_of_.remove(entry.hash, older);
    newest_of_.add(entry.hash, entry.sequence);
  }
}

void PresenceLog::replace_older(Entry& entry) {
  if (const std::uint64_t sequence = newest_of(entry)) {
    Entry& older = *std::prev(after(sequence));
    older.frame = {.source = {}, .number = older.frame.number};
    older.audience = Audience::all();
    ++replaced_;
    newest_of_.remove(entry.hash, sequence);
  }
  newest_of_.add(entry.hash, entry.sequence);
  // More than half, so that each of the others is moved rarely.
  if (replaced_ <= std::max(short_, entries_.size() / 2)) return;
  std::erase_if(entries_, [](const Entry& each) { return each.replaced(); });
  replaced_ = 0;
}

}  // namespace signalbox::hub
