import { wsUtils } from "./index.mjs";

export declare const emitToUser: typeof wsUtils.emitToUser;
export declare const isUserOnline: typeof wsUtils.isUserOnline;
export declare const getOnlineUsers: typeof wsUtils.getOnlineUsers;
export declare const getOnlineUsersCount: typeof wsUtils.getOnlineUsersCount;
export { wsUtils };
export default wsUtils;
