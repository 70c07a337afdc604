import utils from "./utils.cjs";

export const { emitToUser, isUserOnline, getOnlineUsers, getOnlineUsersCount, wsUtils } = utils;
export default wsUtils;
