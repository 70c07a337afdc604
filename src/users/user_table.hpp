#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/text.hpp"
#include "users/hash_index.hpp"
#include "users/user.hpp"

namespace signalbox::users {

/// What an entry of this id takes of memory, with its part of the table.
inline std::size_t memory_of(std::string_view id) {
  constexpr std::size_t kInPlace = 15, kSlot = 32;
  return sizeof(User) + 16 + (id.size() > kInPlace ? allocated(id.size() + 1) : 0) + kSlot;
}

/// Owns what is known of users, an entry each, and finds it by their ids. An entry stays where it is, while sockets
/// name it.
template <class Entry>
class TableOf {
 public:
  TableOf() = default;
  ~TableOf() {
    each([](Entry& user) { delete &user; });
  }
  TableOf(const TableOf&) = delete;
  TableOf& operator=(const TableOf&) = delete;

  Entry* find(const HashedText& id) const {
    return index_.find(short_hash(id), [&](const Entry* user) { return user->id == id.text; });
  }
  /// There is none of its id.
  Entry& add(const HashedText& id) {
    auto user = std::make_unique<Entry>(id.text);
    index_.add(short_hash(id), user.get());
    return *user.release();
  }
  void erase(Entry& user) {
    index_.remove(short_hash(HashedText(user.id)), &user);
    delete &user;
  }
  template <class Visit>
  void each(Visit visit) const {
    index_.each([&](Entry* user) { visit(*user); });
  }
  /// Those of one of `pieces`, a power of two up to 65,536: a user is always of the same.
  template <class Visit>
  void each_of(std::uint32_t piece, std::uint32_t pieces, Visit visit) const {
    index_.each_of(piece, pieces, [&](Entry* user) { visit(*user); });
  }
  /// Those for whom `is_over(user)` holds; it may be asked twice of one.
  template <class IsOver>
  void erase_if(IsOver is_over) {
    index_.remove_if([&](Entry* user) {
      const bool over = is_over(*user);
      if (over) delete user;
      return over;
    });
  }
  std::size_t size() const { return index_.size(); }

 private:
  // The upper bits choose the stripe.
  static std::uint32_t short_hash(const HashedText& id) { return static_cast<std::uint32_t>(id.hash); }

  HashIndex<Entry*, nullptr> index_;
};

using UserTable = TableOf<User>;

}  // namespace signalbox::users
