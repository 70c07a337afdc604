// What the pages use of React, in one file: the program has it once for all of them. A page that uses more of it adds that here.
export { createContext, createElement, useCallback, useContext, useEffect, useId, useMemo, useRef, useState, useSyncExternalStore } from "react";
export { createRoot } from "react-dom/client";
export { Fragment, jsx, jsxs } from "react/jsx-runtime";
