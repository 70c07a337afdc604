import { useEffect, useState } from "react";

// The view stands behind the address's "#", so that the back button and a reload work, and no server hears a user's id by it.
export const hrefOf = { overview: "#/", users: "#/users", user: (id) => `#/users/${encodeURIComponent(id)}` };

export function usePlace() {
  const [place, setPlace] = useState(placeOfAddress);
  useEffect(() => {
    const moved = () => setPlace(placeOfAddress());
    window.addEventListener("hashchange", moved);
    return () => window.removeEventListener("hashchange", moved);
  }, []);
  return place;
}

function placeOfAddress() {
  const [, view, id] = window.location.hash.match(/^#\/([^/]*)\/?(.*)$/) ?? [];
  if (view !== "users") return { view: "overview" };
  return id ? { view: "user", id: decoded(id) } : { view: "users" };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // typed by hand
  }
}
