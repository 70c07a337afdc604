import { table } from "../table.mjs";
import { bars, rows } from "./rows.mjs";
import { kinds, pinLoad } from "./world.mjs";

pinLoad();
await table({ rows, kinds: Object.keys(kinds), bars });
