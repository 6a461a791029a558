import { AppError } from '@cardea/core';

/** Where the objects of a platform are in an S3-compatible store. */
export interface S3Address {
  readonly bucket: string;
  /** Put before every key: empty, or names parted and ended by `/`. */
  readonly prefix: string;
  /** Origin of the store; without it that of Amazon's `region`. */
  readonly endpoint: string | undefined;
  readonly region: string;
}

const DEFAULT_REGION = 'us-east-1';
const FORM = 's3://BUCKET[/PREFIX]?endpoint=https://HOST[:PORT]&region=REGION';
const bucketPattern = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** @throws AppError INVALID_PARAMS saying what is wrong with the address */
export function parseS3Address(text: string): S3Address {
  const refuse = (fault: string): never => {
    throw new AppError('INVALID_PARAMS', undefined, { message: `objects.url: ${fault}; it is ${FORM}` });
  };
  const url = URL.canParse(text) ? new URL(text) : refuse('not an address');
  if (url.protocol !== 's3:') refuse(`${url.protocol} is not s3:`);
  if (url.username !== '' || url.password !== '') refuse('keys are given by objects.accessKey and objects.secretKey, not here');
  if (!bucketPattern.test(url.host)) refuse(`${url.host} is not the name of a bucket`);
  const unknown = [...url.searchParams.keys()].find((name) => name !== 'endpoint' && name !== 'region');
  if (unknown !== undefined) refuse(`there is no ${unknown}`);
  const endpoint = url.searchParams.get('endpoint') ?? undefined;
  if (endpoint !== undefined && !/^https?:\/\/[^/]+\/?$/.test(endpoint)) refuse('endpoint is not an origin');
  const prefix = url.pathname.replace(/^\/+|\/+$/g, '');
  return {
    bucket: url.host,
    prefix: prefix === '' ? '' : `${prefix}/`,
    endpoint,
    region: url.searchParams.get('region') ?? DEFAULT_REGION,
  };
}
