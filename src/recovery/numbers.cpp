#include "recovery/numbers.hpp"

#include "recovery/offset.hpp"

namespace signalbox::recovery {

std::uint64_t Numbers::next(std::uint64_t count) {
  const std::uint64_t first = last_ + 1;
  last_ += count;
  return first;
}

FrameRef Numbers::with_offset(const FrameRef& source, std::uint64_t number) const {
  std::string tail = ",\"";
  tail.append(to_text(Offset{.run = run_, .shard = shard_, .number = number})) += "\"]";
  const std::string_view packet = source->packet();
  return make_frame(false, source->kind(), source->name(), packet.substr(0, packet.size() - 1), tail);
}

const FrameRef& Numbers::numbered(const FrameRef& source, std::uint64_t above) {
  if (source_ && &*source_ == &*source && numbered_as_ == last_ && last_ > above) return numbered_;
  source_ = source;
  numbered_as_ = next();
  numbered_ = with_offset(source, last_);
  return numbered_;
}

}  // namespace signalbox::recovery
