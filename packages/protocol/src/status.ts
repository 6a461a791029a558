/**
 * The one table of error codes: wire code, HTTP status and whether a caller may try again.
 * JSON-RPC codes keep their meaning (JSON-RPC 2.0 section 5.1); application codes are positive, so they never
 * collide with the reserved range. Names and codes are a project choice (profile hss-open-1, section B1).
 */
export interface StatusEntry {
  readonly code: number;
  /** HTTP status used on Vs, Vr and the user API. */
  readonly http: number;
  readonly retryable: boolean;
  readonly meaning: string;
}

const entry = (code: number, http: number, retryable: boolean, meaning: string): StatusEntry => ({ code, http, retryable, meaning });

export const statusTable = {
  PARSE_ERROR: entry(-32700, 400, false, 'the text is not JSON'),
  INVALID_REQUEST: entry(-32600, 400, false, 'not a request of this interface'),
  METHOD_NOT_FOUND: entry(-32601, 422, false, 'the receiver has no such method'),
  INVALID_PARAMS: entry(-32602, 400, false, 'a member is missing, of the wrong type or out of range'),
  INTERNAL_ERROR: entry(-32603, 500, true, 'the receiver failed in a way it did not foresee'),

  UNSPECIFIED: entry(1000, 502, false, 'the other end answered outside the profile'),
  UNAUTHORIZED: entry(1001, 401, false, 'no valid credential'),
  FORBIDDEN: entry(1002, 403, false, 'the credential does not allow this'),
  NOT_SUPPORTED: entry(1003, 422, false, 'the device does not have this capability'),
  BUSY: entry(1004, 409, true, 'busy with something that excludes this'),
  TIMEOUT: entry(1005, 504, true, 'no answer in time; whether it was done is unknown'),
  INVALID_STATE: entry(1006, 409, false, 'not possible in the present state'),
  NOT_FOUND: entry(1007, 404, false, 'no such object'),
  ALREADY_ACTIVE: entry(1008, 409, false, 'the same thing is already running'),
  LIMIT_EXCEEDED: entry(1009, 429, true, 'a limit on number or size is reached'),
  RATE_LIMITED: entry(1010, 429, true, 'too many in a given time'),
  LOW_BATTERY: entry(1011, 409, false, 'the battery is too low for this'),
  PRIVACY_MODE: entry(1012, 409, false, 'the camera is in privacy mode'),
  UPGRADING: entry(1013, 409, true, 'the device is installing firmware'),
  GOING_AWAY: entry(1014, 503, true, 'the server is leaving; ask again'),
  DEVICE_ASLEEP: entry(1015, 409, true, 'the device sleeps and did not wake'),
  DEVICE_OFFLINE: entry(1016, 409, true, 'the device is not connected'),
  NOT_BOUND: entry(1017, 403, false, 'the device belongs to no home'),
  DUPLICATE: entry(1018, 409, false, 'the same idempotency key with different content'),

  CHANNEL_NOT_FOUND: entry(1100, 422, false, 'the device has no such channel'),
  STREAM_NOT_FOUND: entry(1101, 422, false, 'the channel has no such stream'),
  ENCODER_UNAVAILABLE: entry(1102, 409, true, 'no encoder is free'),
  PUSH_CONNECT_FAILED: entry(1103, 409, true, 'the media server could not be reached'),
  PUSH_REJECTED: entry(1104, 409, true, 'the media server refused the publish'),
  URL_EXPIRED: entry(1105, 409, true, 'the address is no longer valid'),
  CODEC_UNSUPPORTED: entry(1106, 422, false, 'the codec cannot be used here'),
  TOO_MANY_SESSIONS: entry(1107, 409, true, 'no further media session is possible'),
  SESSION_NOT_FOUND: entry(1108, 404, false, 'no such media session'),

  LIMIT_REACHED: entry(1200, 409, false, 'the head is at its end and cannot move that way'),
  PRESET_NOT_FOUND: entry(1201, 409, false, 'no such preset'),
  PRESET_FULL: entry(1202, 409, false, 'all presets are taken'),
  PRESET_EXISTS: entry(1203, 409, false, 'that preset exists'),
  PTZ_MOVING: entry(1204, 409, true, 'the head is moving'),
  CALIBRATING: entry(1205, 409, true, 'the head is calibrating'),
  POSITION_OUT_OF_RANGE: entry(1206, 409, false, 'the position is outside the range of the head'),

  NO_DISK: entry(1300, 409, false, 'there is no disk'),
  DISK_ERROR: entry(1301, 409, false, 'the disk fails'),
  DISK_FULL: entry(1302, 409, true, 'the disk is full'),
  DISK_FORMATTING: entry(1303, 409, true, 'the disk is being formatted'),
  DISK_UNFORMATTED: entry(1304, 409, false, 'the disk has to be formatted first'),
  RECORD_NOT_FOUND: entry(1305, 409, false, 'nothing is recorded there'),
  NOT_RECORDING: entry(1306, 409, false, 'no recording is running'),
  SPEED_UNSUPPORTED: entry(1307, 409, false, 'the device cannot play at that speed'),
  SEEK_OUT_OF_RANGE: entry(1308, 409, false, 'outside the recorded range'),
  DISK_READ_ONLY: entry(1309, 409, false, 'the disk can only be read'),

  UP_TO_DATE: entry(1400, 409, false, 'that firmware is already installed'),
  UPGRADE_IN_PROGRESS: entry(1401, 409, true, 'another upgrade is running'),
  DOWNLOAD_FAILED: entry(1402, 409, true, 'the image could not be fetched'),
  DIGEST_MISMATCH: entry(1403, 409, false, 'the image is not the one announced'),
  SIGNATURE_INVALID: entry(1404, 409, false, 'not signed by the key that has to sign it'),
  INSUFFICIENT_SPACE: entry(1405, 409, false, 'no room for the image'),
  INCOMPATIBLE: entry(1406, 409, false, 'the image is for other hardware'),
  INSTALL_FAILED: entry(1407, 409, false, 'the installation failed'),
  URL_INVALID: entry(1408, 422, false, 'the address cannot be used'),
  CANCELLED: entry(1409, 409, false, 'cancelled'),
  DOWNGRADE_FORBIDDEN: entry(1410, 409, false, 'the image is older than what runs'),
  BOOT_CHECK_FAILED: entry(1411, 409, false, 'the new firmware did not come up'),

  KEY_UNKNOWN: entry(1500, 409, false, 'no such configuration key'),
  KEY_READ_ONLY: entry(1501, 409, false, 'the key cannot be set'),
  VALUE_INVALID: entry(1502, 409, false, 'the value does not fit the key'),
  VERSION_CONFLICT: entry(1503, 409, true, 'the configuration changed in between'),

  UPLOAD_FAILED: entry(1600, 409, true, 'the upload failed'),
  NO_LOGS: entry(1601, 409, false, 'no logs of that kind'),
  CAPTURE_FAILED: entry(1602, 409, true, 'no picture could be taken'),
  TICKET_EXPIRED: entry(1603, 409, true, 'the upload ticket is no longer valid'),

  UNKNOWN_DEVICE: entry(1700, 404, false, 'this platform does not admit the device'),
  DEVICE_DISABLED: entry(1701, 403, false, 'the device is disabled'),
  AUTH_INVALID: entry(1702, 401, false, 'the identity proof does not hold'),
  CLOCK_SKEW: entry(1703, 401, true, 'the clock of the device is off; serverTime says by how much'),
  NO_CAPACITY: entry(1704, 503, true, 'no server has room'),
  VERSION_UNSUPPORTED: entry(1705, 426, false, 'no common profile'),

  NO_STORAGE_PLAN: entry(1800, 403, false, 'the home has no storage plan'),
  SEGMENT_NOT_FOUND: entry(1801, 404, false, 'no such video segment'),
  SEGMENT_STATE: entry(1802, 409, false, 'not possible in the state of the video segment'),
  OBJECT_MISSING: entry(1803, 409, true, 'the bytes have not arrived'),
  OBJECT_MISMATCH: entry(1804, 409, true, 'the bytes are not the ones announced'),
  SEGMENT_EXPIRED: entry(1805, 410, false, 'the video segment expired before it was confirmed'),
  QUOTA_EXCEEDED: entry(1806, 403, true, 'the quota of the home is used up'),
  OVERLAP: entry(1807, 409, false, 'a stored video segment already covers that time'),
  TIME_INVALID: entry(1808, 422, false, 'the time is too far from now'),
  TOO_LARGE: entry(1809, 413, false, 'larger than allowed'),
} as const satisfies Record<string, StatusEntry>;

export type StatusName = keyof typeof statusTable;

const nameByCode = new Map<number, StatusName>((Object.keys(statusTable) as StatusName[]).map((name) => [statusTable[name].code, name]));

/** The name of a wire code, or `undefined` when this profile has none. */
export function statusNameOf(code: number): StatusName | undefined {
  return nameByCode.get(code);
}
