#include "queue/key_walk.hpp"

#include <utility>

namespace signalbox::queue {
namespace {

constexpr std::string_view kKeysAtOnce = "100", kBegin = "0";

}  // namespace

KeyWalk::KeyWalk(redis::Client& commands, Options options, Reader& reader)
    : commands_(commands), options_(std::move(options)), reader_(reader) {}

void KeyWalk::begin() {
  stop();
  walks_ = true;
  cursor_ = kBegin;
  read_keys();
}

void KeyWalk::stop() {
  walks_ = waits_ = false;
  unanswered_ = 0;
  ++walk_;
}

void KeyWalk::go_on() {
  if (std::exchange(waits_, false)) read_keys();
}

redis::OnAnswer KeyWalk::in_this_walk(redis::OnAnswer on_answer) {
  return [this, walk = walk_, on_answer = std::move(on_answer)](redis::Answer answer) mutable {
    if (walk == walk_) on_answer(std::move(answer));
  };
}

void KeyWalk::read_keys() {
  if (!reader_.has_room()) return static_cast<void>(waits_ = true);
  commands_.send({"SCAN", cursor_, "MATCH", options_.pattern, "COUNT", kKeysAtOnce},
                 in_this_walk([this](const redis::Answer& answer) {
                   if (!answer || answer->elements.size() != 2) return end(false);
                   cursor_ = answer->elements[0].text;
                   look_at(answer->elements[1].elements);
                 }));
}

void KeyWalk::look_at(const std::vector<redis::Reply>& keys) {
  const std::uint64_t walk = walk_;
  unanswered_ = 1;  // so that it is not over before all are asked for
  for (const redis::Reply& key : keys) {
    if (walk != walk_) return;
    ++unanswered_;
    commands_.send({"STRLEN", key.text}, in_this_walk([this, key = key.text](const redis::Answer& answer) {
                     if (!answer && answer.error().kind != redis::Error::Kind::refused) return end(false);
                     const std::size_t bytes = answer ? static_cast<std::size_t>(answer->number) : 0;  // 0: no text
                     if (bytes > 0 && bytes <= options_.most_bytes) return read(key);
                     if (bytes > 0) reader_.on_too_large(key);
                     answered();
                   }));
  }
  if (walk == walk_) answered();
}

void KeyWalk::read(const std::string& key) {
  commands_.send({"GET", key}, in_this_walk([this](const redis::Answer& answer) {
                   if (!answer && answer.error().kind != redis::Error::Kind::refused) return end(false);
                   if (answer && !answer->is_nil()) reader_.on_text(answer->text);
                   answered();
                 }));
}

void KeyWalk::answered() {
  if (!walks_ || --unanswered_ > 0) return;  // the reader may have stopped it
  cursor_ == kBegin ? end(true) : read_keys();
}

void KeyWalk::end(bool whole) {
  stop();
  reader_.on_end(whole);
}

}  // namespace signalbox::queue
