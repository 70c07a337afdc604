#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "redis/command.hpp"
#include "redis/error.hpp"

namespace signalbox::redis {

/// Which channels and patterns are wanted, and what Redis knows of that. Each may be wanted by several, and is then
/// subscribed to once. Whoever owns this sends what next() gives, says what became of it, and says when a connection is
/// there and when it is lost; the next one is asked for all of them again.
///
/// thread  its owner's.
class Subscriptions {
 public:
  enum class Kind : std::uint8_t { channel, pattern };
  /// Called once: what is published there is heard from now on; or Redis refused it, or nobody wants it any more. A
  /// lost connection is no reason: it waits for the next one.
  using OnConfirmed = std::move_only_function<void(std::expected<void, Error>)>;

  /// Wanted once more. Is it heard already, `on_confirmed` is called before this returns.
  void add(Kind kind, std::string_view name, OnConfirmed on_confirmed);
  /// Wanted once less.
  void remove(Kind kind, std::string_view name);

  void on_ready();
  void on_lost();
  /// One command for at most kBatch of them.
  struct Batch {
    Kind kind;
    bool subscribes;
    std::vector<std::string> names;
    Command command() const;
  };
  static constexpr std::size_t kBatch = 1000;
  /// What Redis is to be told next; nothing: it has been told all.
  std::optional<Batch> next();
  bool has_next() const { return !changed_[0].empty() || !changed_[1].empty(); }
  void on_answer(const Batch& batch, const Answer& answer);

  bool is_confirmed(Kind kind, std::string_view name) const;
  std::size_t size() const { return names_[0].size() + names_[1].size(); }  ///< wanted, or not yet left

 private:
  struct Name {
    std::size_t wanted = 0;
    bool told = false;           ///< the last command said of it: subscribed
    std::size_t unanswered = 0;  ///< commands
    bool confirmed = false;
    bool changed = false;  ///< it is in changed_
    std::vector<OnConfirmed> waiting{};
  };
  using Names = std::unordered_map<std::string, Name, TextHash, std::equal_to<>>;

  Names& names(Kind kind) { return names_[std::to_underlying(kind)]; }
  void note_change(Kind kind, std::string_view text, Name& name);
  Batch take_changed(Kind kind);
  void on_answer(Names& names, const std::string& text, bool subscribed, const Answer& answer);
  static bool unused(const Name& name);
  static void erase_unused(Names& names, Names::iterator at);
  static void tell(Name& name, const std::expected<void, Error>& result);

  std::array<Names, 2> names_;
  std::array<std::vector<std::string>, 2> changed_;  ///< names of which Redis may have to be told; none without it
  bool connected_ = false;
};

}  // namespace signalbox::redis
