#pragma once
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace signalbox {

class CheckedJson;
class JsonText;

/// A view of JSON text that remembers whether it was checked: what a client sent was, whole, and so is every part that
/// the functions below cut out of it. Such text is passed on without a second look. Other text becomes a JsonView too,
/// and is checked by whoever takes it.
class JsonView : public std::string_view {
 public:
  JsonView(std::string_view text = {}) : std::string_view(text) {}
  JsonView(const std::string& text) : std::string_view(text) {}
  JsonView(const char* text) : std::string_view(text) {}
  JsonView(const JsonText& text);
  // A view that moves within its text would still say that it was checked.
  void remove_prefix(size_type) = delete;
  void remove_suffix(size_type) = delete;
  void swap(std::string_view&) = delete;

 private:
  friend class CheckedJson;
  friend class JsonText;
  static constexpr std::size_t kUnchecked = std::numeric_limits<std::size_t>::max();
  JsonView(std::string_view text, std::size_t depth, std::size_t items = 0)
      : std::string_view(text), depth_(depth), items_(items) {}

  std::size_t depth_ = kUnchecked;  ///< else it is JSON, nested so deep at most
  std::size_t items_ = 0;           ///< how many values its array or object has; 0: not counted
};

/// The same with its text in it; stands for a `const std::string`.
class JsonText {
 public:
  JsonText() = default;
  JsonText(std::string text) : text_(std::move(text)) {}
  JsonText(const char* text) : text_(text) {}
  explicit JsonText(const JsonView& text) : text_(text), depth_(text.depth_), items_(text.items_) {}
  const std::string& str() const& { return text_; }
  std::string str() && { return std::move(text_); }
  operator const std::string&() const { return text_; }
  operator std::string_view() const { return text_; }
  bool empty() const { return text_.empty(); }
  std::size_t size() const { return text_.size(); }
  auto begin() const { return text_.begin(); }
  auto end() const { return text_.end(); }

  friend bool operator==(const JsonText& a, std::string_view b) { return a.text_ == b; }
  friend std::string operator+(std::string a, const JsonText& b) { return std::move(a += b.text_); }
  friend std::string operator+(const JsonText& a, std::string_view b) { return a.text_ + std::string(b); }

 private:
  friend class CheckedJson;
  friend class JsonView;
  JsonText(std::string text, std::size_t depth, std::size_t items = 0)
      : text_(std::move(text)), depth_(depth), items_(items) {}

  std::string text_;
  std::size_t depth_ = JsonView::kUnchecked;
  std::size_t items_ = 0;
};

inline JsonView::JsonView(const JsonText& text)
    : std::string_view(text.text_), depth_(text.depth_), items_(text.items_) {}

// Parts of JSON text, for handlers that pass it on as it came (EventRegistry::on_text, emit_to_user_json) and need no
// values of it. On text that is not JSON they are safe and find nothing.

/// The first value of an array, its own bytes; empty if there is none.
[[nodiscard]] JsonView json_first(const JsonView& array);
/// The value of an object's member, its own bytes; of several of that name the last, as JSON.parse has it.
[[nodiscard]] std::optional<JsonView> json_member(const JsonView& object, std::string_view name);
/// The object without that member.
[[nodiscard]] JsonText json_without(const JsonView& object, std::string_view name);
/// Both at once: the member, and the object without it.
struct JsonCut {
  std::optional<JsonView> member;
  JsonText rest;
};
[[nodiscard]] JsonCut json_cut(const JsonView& object, std::string_view name);
/// The text of a JSON string, escapes undone; nothing if it is not a string.
[[nodiscard]] std::optional<std::string> json_string(std::string_view value);

}  // namespace signalbox
