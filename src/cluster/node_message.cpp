#include "cluster/node_message.hpp"

#include <optional>

#include "base/json_check.hpp"
#include "users/job_name.hpp"

namespace signalbox::cluster {
namespace {

constexpr char kFormat = 1;
enum class PartKind : std::uint8_t {
  event = 1,
  receipt = 2,
  tunnel = 3,
  socket_question = 4,
  socket_answer = 5,
  replacement = 6,
  thanks = 7
};
enum class Carried : std::uint8_t { event, progress, outcome };

void append_number(std::string& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) out += static_cast<char>(number | 0x80);
  out += static_cast<char>(number);
}

void append_text(std::string& out, std::string_view text) {
  append_number(out, text.size());
  out += text;
}

Carried carried(FrameKind kind) {
  return kind == FrameKind::progress  ? Carried::progress
         : kind == FrameKind::outcome ? Carried::outcome
                                      : Carried::event;
}

/// Takes values from the front; once one is not whole, `failed`.
struct PartReader {
  std::string_view left;
  bool failed = false;

  std::uint64_t number() {
    std::uint64_t out = 0;
    for (unsigned shift = 0; shift < 64 && !left.empty(); shift += 7) {
      const auto byte = static_cast<std::uint8_t>(left.front());
      left.remove_prefix(1);
      out |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return out;
    }
    failed = true;
    return 0;
  }
  std::uint8_t kind() {
    const std::uint64_t kind = number();
    return kind <= UINT8_MAX ? static_cast<std::uint8_t>(kind) : UINT8_MAX;
  }
  std::string_view text() {
    const std::uint64_t size = number();
    if (failed || size > left.size()) {
      failed = true;
      return {};
    }
    const std::string_view out = left.substr(0, size);
    left.remove_prefix(size);
    return out;
  }
};

std::optional<FrameKind> kind_of(std::uint8_t carried) {
  switch (static_cast<Carried>(carried)) {
    case Carried::event:
      return FrameKind::event;
    case Carried::progress:
      return FrameKind::progress;
    case Carried::outcome:
      return FrameKind::outcome;
  }
  return std::nullopt;
}

std::optional<RelayedEvent> read_event(PartReader& in) {
  RelayedEvent event{.user = in.text()};
  const auto kind = kind_of(in.kind());
  event.packet = in.text();
  event.job_id = in.text();
  event.home = in.text();
  event.row = in.number();
  if (!kind) return std::nullopt;
  event.kind = *kind;
  return event;
}

std::optional<NodePart> read_part(PartReader& in) {
  switch (static_cast<PartKind>(in.kind())) {
    case PartKind::event:
      return read_event(in);
    case PartKind::receipt: {
      RelayedReceipt receipt{.user = in.text()};
      receipt.row = in.number();
      receipt.at = static_cast<std::int64_t>(in.number());
      return receipt;
    }
    case PartKind::replacement: {
      RelayedReplacement replacement{.user = in.text()};
      replacement.row = in.number();
      return replacement;
    }
    case PartKind::thanks: {
      RelayedThanks thanks{.home = in.text()};
      thanks.row = in.number();
      return thanks;
    }
    case PartKind::tunnel:
      return RelayedTunnel{.message = in.text()};
    case PartKind::socket_question: {
      SocketQuestion question{.number = in.number()};
      question.pid = in.text();
      return question;
    }
    case PartKind::socket_answer: {
      SocketAnswer answer{.number = in.number()};
      answer.here = in.number() != 0;
      return answer;
    }
  }
  return std::nullopt;
}

}  // namespace

NodeMessageWriter::NodeMessageWriter(std::string_view sender) {
  out_ += kFormat;
  append_text(out_, sender);
}

void NodeMessageWriter::add(const RelayedEvent& event) {
  append_number(out_, static_cast<std::uint64_t>(PartKind::event));
  append_text(out_, event.user);
  append_number(out_, static_cast<std::uint64_t>(carried(event.kind)));
  append_text(out_, event.packet);
  append_text(out_, event.job_id);
  append_text(out_, event.home);
  append_number(out_, event.row);
}

void NodeMessageWriter::add(const RelayedReceipt& receipt) {
  append_number(out_, static_cast<std::uint64_t>(PartKind::receipt));
  append_text(out_, receipt.user);
  append_number(out_, receipt.row);
  append_number(out_, static_cast<std::uint64_t>(receipt.at));
}

void NodeMessageWriter::add(const RelayedReplacement& replacement) {
  append_number(out_, static_cast<std::uint64_t>(PartKind::replacement));
  append_text(out_, replacement.user);
  append_number(out_, replacement.row);
}

void NodeMessageWriter::add(const RelayedThanks& thanks) {
  append_number(out_, static_cast<std::uint64_t>(PartKind::thanks));
  append_text(out_, thanks.home);
  append_number(out_, thanks.row);
}

void NodeMessageWriter::add(const RelayedTunnel& tunnel) {
  append_number(out_, static_cast<std::uint64_t>(PartKind::tunnel));
  append_text(out_, tunnel.message);
}

void NodeMessageWriter::add(const SocketQuestion& question) {
  append_number(out_, static_cast<std::uint64_t>(PartKind::socket_question));
  append_number(out_, question.number);
  append_text(out_, question.pid);
}

void NodeMessageWriter::add(const SocketAnswer& answer) {
  append_number(out_, static_cast<std::uint64_t>(PartKind::socket_answer));
  append_number(out_, answer.number);
  append_number(out_, answer.here ? 1 : 0);
}

std::expected<NodeMessage, std::string_view> read_node_message(std::string_view bytes) {
  if (bytes.empty() || bytes.front() != kFormat) return std::unexpected("it is of another version");
  PartReader in{.left = bytes.substr(1)};
  NodeMessage message{.sender = in.text(), .parts = {}};
  while (!in.failed && !in.left.empty()) {
    auto part = read_part(in);
    if (!part) return std::unexpected("it has a part of an unknown kind");
    message.parts.push_back(*part);
  }
  if (in.failed) return std::unexpected("it ends in the middle of a part");
  return message;
}

std::expected<FrameRef, std::string_view> frame_of(const RelayedEvent& event, std::size_t json_depth) {
  constexpr std::string_view kHead = "42";
  if (!event.packet.starts_with("42[\"")) return std::unexpected("it is no event");
  if (event.kind == FrameKind::event && !event.job_id.empty()) return std::unexpected("it is no job's event");
  if (users::job_name(event.job_id).id.size() > users::kMostJobBytes || event.job_id.size() > users::kMostNameBytes)
    return std::unexpected("its job's id is too long");
  if (!valid_json(event.packet.substr(kHead.size()), json_depth + 1)) return std::unexpected("it is no JSON");
  const std::size_t at = event.job_id.empty() ? std::string_view::npos : event.packet.find(event.job_id);
  const std::string_view key =
      at == std::string_view::npos ? event.job_id : event.packet.substr(at, event.job_id.size());
  return make_frame(false, event.kind, key, event.packet);
}

}  // namespace signalbox::cluster
