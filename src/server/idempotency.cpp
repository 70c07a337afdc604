#include "server/idempotency.hpp"

#include <openssl/sha.h>

#include "base/assert.hpp"

namespace signalbox::server {

Digest sha256(std::string_view bytes) {
  Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return digest;
}

void Idempotency::forget(Entries::iterator entry) {
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

// Entries that are being carried out stay: someone will call finish() for them.
void Idempotency::forget_old(TimePoint now) {
  for (auto it = entries_.begin(); it != entries_.end();) {
    const auto next = std::next(it);
    if (it->until != kNever && it->until > now && entries_.size() < options_.max_keys) return;
    if (it->until != kNever) forget(it);
    it = next;
  }
}

Idempotency::Begun Idempotency::begin(std::string_view key, const Digest& body, const net::RequestId& request,
                                      TimePoint now) {
  const Lock lock(mutex_);
  forget_old(now);
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    Entry& entry = *found->second;
    if (entry.until != kNever && entry.until <= now) {
      forget(found->second);
    } else {
      if (entry.digest != body) return {Kind::conflict, {}};
      if (entry.until != kNever) return {Kind::repeat, entry.answer};
      entry.waiting.push_back(request);
      return {Kind::wait, {}};
    }
  }
  entries_.push_back({.key = std::string(key), .digest = body, .until = kNever, .answer = {}, .waiting = {}});
  const auto added = std::prev(entries_.end());
  by_key_.emplace(added->key, added);
  return {Kind::first, {}};
}

std::vector<net::RequestId> Idempotency::finish(std::string_view key, bool accepted, std::string_view answer,
                                                TimePoint now) {
  const Lock lock(mutex_);
  const auto found = by_key_.find(key);
  SB_ASSERT(found != by_key_.end() && found->second->until == kNever);
  Entry& entry = *found->second;
  std::vector<net::RequestId> waiting = std::move(entry.waiting);
  if (accepted) {
    entry.answer = answer;
    entry.until = now + options_.keep;
  } else {
    forget(found->second);
  }
  return waiting;
}

std::size_t Idempotency::size() const {
  const Lock lock(mutex_);
  return entries_.size();
}

}  // namespace signalbox::server
