//! Text of a Protobuf schema to its descriptors, and to what can be stored.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use protox::Compiler;
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};
use protox::prost_reflect::prost::Message as _;
use protox::prost_reflect::prost_types::FileDescriptorProto;
use protox::prost_reflect::{DescriptorPool, FileDescriptor};

use crate::codec::schema::SchemaError;

/// The most text of a schema with all that it imports.
const TEXT_MAX: usize = 1 << 20;
/// How deep braces and brackets may nest in a text: the compiler reads them one in the other.
const NESTED_MAX: usize = 100;
/// The name under which the schema itself stands among its imports.
const MAIN: &str = "crosscheck.main.proto";

/// The descriptors of a schema: its own file, and the whole set in base64.
pub struct Source {
    pub file: FileDescriptor,
    pub set: String,
}

/// The texts that a schema imports, by their names.
struct Texts<'a> {
    main: &'a str,
    imports: &'a [(String, String)],
}

impl FileResolver for Texts<'_> {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        let import = || self.imports.iter().find(|(other, _)| other == name);
        let text = if name == MAIN {
            Some(self.main)
        } else {
            import().map(|(_, text)| text.as_str())
        };
        let text = text.ok_or_else(|| protox::Error::file_not_found(name))?;
        file(name, text)
    }
}

/// A schema as text; or as its descriptor in base64, as Confluent's serializers for Python and .NET register it, and
/// registries other than theirs give it back.
fn file(name: &str, text: &str) -> Result<File, protox::Error> {
    described(name, text).map_or_else(|| File::from_source(name, text), Ok)
}

/// No text of a schema is base64: it has blanks.
fn described(name: &str, text: &str) -> Option<File> {
    let bytes = STANDARD.decode(text.trim()).ok()?;
    let mut descriptor = FileDescriptorProto::decode(bytes.as_slice()).ok()?;
    descriptor.name = Some(name.to_owned());
    Some(File::from_file_descriptor_proto(descriptor))
}

fn wrong(error: impl std::fmt::Display) -> SchemaError {
    SchemaError::Protobuf(error.to_string())
}

/// Refuses what is too much to read.
fn bounded(text: &str, more: usize) -> Result<(), SchemaError> {
    let total = text.len().saturating_add(more);
    if total > TEXT_MAX {
        return Err(SchemaError::Size(total));
    }
    let (mut depth, mut deepest) = (0usize, 0usize);
    for byte in text.bytes() {
        match byte {
            b'{' | b'[' | b'(' | b'<' => depth += 1,
            b'}' | b']' | b')' | b'>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    if deepest > NESTED_MAX {
        return Err(wrong(format!("braces nest deeper than {NESTED_MAX}")));
    }
    Ok(())
}

/// Compiles a text with what it imports. The well-known types need not be among that.
pub fn compile(text: &str, imports: &[(String, String)]) -> Result<Source, SchemaError> {
    let more = imports.iter().map(|(_, text)| text.len()).sum();
    bounded(text, more)?;
    imports.iter().try_for_each(|(_, text)| bounded(text, 0))?;
    // The resolver has to be owned.
    let texts = Owned(text.to_owned(), imports.to_vec());
    let mut resolver = ChainFileResolver::new();
    resolver.add(texts);
    resolver.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).include_source_info(false);
    compiler.open_file(MAIN).map_err(wrong)?;
    let bytes = compiler.encode_file_descriptor_set();
    of_bytes(&bytes)
}

struct Owned(String, Vec<(String, String)>);

impl FileResolver for Owned {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        let texts = Texts {
            main: &self.0,
            imports: &self.1,
        };
        texts.open_file(name)
    }
}

fn of_bytes(bytes: &[u8]) -> Result<Source, SchemaError> {
    let pool = DescriptorPool::decode(bytes).map_err(wrong)?;
    let file = pool.get_file_by_name(MAIN);
    Ok(Source {
        file: file.ok_or_else(|| wrong("the schema itself is missing in its set"))?,
        set: STANDARD.encode(bytes),
    })
}

/// The descriptors again from their set.
pub fn restore(set: &str) -> Result<Source, SchemaError> {
    of_bytes(&STANDARD.decode(set).map_err(wrong)?)
}

/// The names of the files that a text imports, the well-known types apart.
pub fn imports(text: &str) -> Result<Vec<String>, SchemaError> {
    bounded(text, 0)?;
    let file = file(MAIN, text).map_err(wrong)?;
    let known = GoogleFileResolver::new();
    let named = file.file_descriptor_proto().dependency.iter();
    Ok(named.filter(|name| known.open_file(name).is_err()).cloned().collect())
}
