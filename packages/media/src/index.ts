export type { AacConfig } from './aac.ts';
export { aacCodecString, aacTrack, buildAudioSpecificConfig, parseAudioSpecificConfig } from './aac.ts';
export type { AccessUnit, AudioTrack, SampleDefaults, SampleEntry, Track, VideoTrack } from './access-unit.ts';
export { codecsOf, mimeTypeOf } from './access-unit.ts';
export { av1CodecString } from './av1.ts';
export type { FragmentedMp4Report } from './box-walk.ts';
export { checkFragmentedMp4 } from './box-walk.ts';
export type { ByteReader } from './byte-reader.ts';
export { bytesReader } from './byte-reader.ts';
export type { AmfObject, AmfValue } from './flv/amf0.ts';
export { FlvDemuxer } from './flv/flv-demuxer.ts';
export { FlvMuxer, flvCarries } from './flv/flv-muxer.ts';
export type { FlvTag } from './flv/flv-tag.ts';
export { FlvSplitter, flvTagParts, flvType } from './flv/flv-tag.ts';
export { Fmp4Muxer } from './fmp4-muxer.ts';
export { parseFragment, parseInitSegment } from './fmp4-reader.ts';
export type { Fmp4Piece } from './fmp4-splitter.ts';
export { Fmp4Splitter } from './fmp4-splitter.ts';
export type { G711Law } from './g711.ts';
export { decodeG711, encodeG711, G711_SAMPLE_RATE } from './g711.ts';
export type { AvcConfig, H264Sps } from './h264.ts';
export { buildAvcC, h264CodecString, h264NalType, h264Track, isH264Keyframe, parseAvcC, parseH264Sps } from './h264.ts';
export type { H265ParameterSets, HevcConfig } from './h265.ts';
export { buildHvcC, h265CodecString, h265NalType, h265Track, isH265Keyframe, parseHvcC } from './h265.ts';
export type { H265Sps } from './h265-sps.ts';
export { parseH265Sps } from './h265-sps.ts';
export type { HlsMediaPlaylist, HlsPart, HlsRenditionReport, HlsSegment, HlsVariant } from './hls-playlist.ts';
export { writeMasterPlaylist, writeMediaPlaylist } from './hls-playlist.ts';
export { jpegSize } from './jpeg.ts';
export type { MediaErrorCode } from './media-error.ts';
export { MediaError } from './media-error.ts';
export { Mp4File } from './mp4-file.ts';
export {
  annexBToLengthPrefixed,
  joinAnnexB,
  joinLengthPrefixed,
  lengthPrefixedToAnnexB,
  splitAnnexB,
  splitLengthPrefixed,
} from './nal-units.ts';
export { buildOpusConfig, opusTrack } from './opus.ts';
export type { RandomAccessEntry } from './random-access-index.ts';
export { randomAccessIndex } from './random-access-index.ts';
export type { RecordedSegment } from './recorded-segment.ts';
export { readRecordedSegment } from './recorded-segment.ts';
export { ChunkReader } from './rtmp/chunk-reader.ts';
export { writeChunks } from './rtmp/chunk-writer.ts';
export type { HmacSha256 } from './rtmp/rtmp-handshake.ts';
export type { RtmpCommand, RtmpMessage } from './rtmp/rtmp-message.ts';
export { parseRtmpCommand, rtmpCommand, rtmpControl, rtmpType } from './rtmp/rtmp-message.ts';
export type { RtmpPublishWish, RtmpRefusal } from './rtmp/rtmp-publish-session.ts';
export { RtmpPublishSession } from './rtmp/rtmp-publish-session.ts';
export type { ReceptionReport, RtcpPacket, SenderReport } from './rtp/rtcp-packet.ts';
export { buildBye, buildKeyframeRequest, buildReceiverReport, buildSenderReport, parseRtcp } from './rtp/rtcp-packet.ts';
export type { RtpDepacketiser, RtpFrame, RtpSource } from './rtp/rtp-depacketiser.ts';
export { createDepacketiser } from './rtp/rtp-depacketiser.ts';
export type { RtpFormat } from './rtp/rtp-format.ts';
export { rtpFormatOf } from './rtp/rtp-format.ts';
export type { RtpHeader, RtpPacket } from './rtp/rtp-packet.ts';
export { parseRtpPacket, readdressRtpPacket } from './rtp/rtp-packet.ts';
export type { RtpPacketiserOptions } from './rtp/rtp-packetiser.ts';
export { RtpPacketiser } from './rtp/rtp-packetiser.ts';
export { RtpReorderBuffer } from './rtp/rtp-reorder-buffer.ts';
export type { InterleavedFrame, RtspMessage, RtspMessageContent, RtspRequest, RtspResponse } from './rtsp/rtsp-message.ts';
export { buildRtspRequest, buildRtspResponse } from './rtsp/rtsp-message.ts';
export { interleave, RtspReader, splitInterleaved } from './rtsp/rtsp-reader.ts';
export type { RtspTransport } from './rtsp/rtsp-transport.ts';
export { parseTransport, transportHeader } from './rtsp/rtsp-transport.ts';
export type { SdpAttribute, SdpMedia, SdpStream, SessionDescription } from './sdp.ts';
export { attributeOf, buildSdp, formatOf, parseSdp } from './sdp.ts';
export type { Cut } from './segment-placement.ts';
export { leadOf, placeSegment } from './segment-placement.ts';
