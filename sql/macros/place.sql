-- Where a source came from, without the folders of a machine: of an absolute path the last name, anything else as it is.
(uri) as case
  when regexp_matches(uri, '^(/|~|file:|[A-Za-z]:[\\/]|\\\\)') then regexp_extract(uri, '[^/\\]+[/\\]*$')
  else uri
end
