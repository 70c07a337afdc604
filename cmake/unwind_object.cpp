#include <dlfcn.h>
#include <link.h>

#include <cstddef>
#include <cstdint>

// The static libgcc of GCC 12 finds a function's unwinding table by _dl_find_object, which glibc has since 2.35 alone.
// Here it is for older ones, by what these have. Hidden: it is of this file alone.

namespace {

struct Search {
  std::uintptr_t address;
  dl_find_object* found;
};

int look(dl_phdr_info* object, std::size_t, void* data) {
  const auto* search = static_cast<Search*>(data);
  const void* eh_frame = nullptr;
  bool here = false;
  std::uintptr_t start = UINTPTR_MAX, end = 0;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = object->dlpi_phdr[i];
    const std::uintptr_t at = object->dlpi_addr + part.p_vaddr;
    if (part.p_type == PT_GNU_EH_FRAME) eh_frame = reinterpret_cast<const void*>(at);
    if (part.p_type != PT_LOAD) continue;
    here = here || (search->address >= at && search->address < at + part.p_memsz);
    start = at < start ? at : start;
    end = at + part.p_memsz > end ? at + part.p_memsz : end;
  }
  if (!here || !eh_frame) return 0;
  search->found->dlfo_flags = 0;
  search->found->dlfo_map_start = reinterpret_cast<void*>(start);
  search->found->dlfo_map_end = reinterpret_cast<void*>(end);
  search->found->dlfo_link_map = nullptr;
  search->found->dlfo_eh_frame = const_cast<void*>(eh_frame);
  return 1;
}

}  // namespace

extern "C" __attribute__((visibility("hidden"))) int _dl_find_object(void* address, dl_find_object* found) noexcept {
  Search search{.address = reinterpret_cast<std::uintptr_t>(address), .found = found};
  return dl_iterate_phdr(look, &search) == 1 ? 0 : -1;
}
