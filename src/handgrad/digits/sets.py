"""The sets that can be fetched: their contents, files, mirrors and licences.

Sizes and SHA-256 sums of the published files are as recorded by tensorflow/datasets
(tensorflow_datasets/url_checksums) and pytorch/vision (torchvision/prototype/datasets), which agree
where both list a file. Neither lists the sizes of the two USPS files.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from handgrad.errors import Choices

LARGEST_UNKNOWN = 64 << 20  # bytes, of a file whose size is not known


class PublishedFile(NamedTuple):
    """A file as it is offered for download."""

    name: str
    sha256: str
    size: int | None

    @property
    def at_most(self) -> int:
        """The largest number of bytes that a download of this file may have."""
        return LARGEST_UNKNOWN if self.size is None else self.size


@dataclass(frozen=True)
class DataSet:
    """Labelled images for training and for testing, and where they are published."""

    name: str
    train: int  # images
    test: int
    side: int  # images are side x side pixels
    classes: int
    shows: str
    licence: str
    attribution: str
    files: tuple[PublishedFile, ...]
    mirrors: tuple[str, ...]  # addresses of folders that hold the files, the publisher's first
    # idx: four IDX files, used as they are, in the order of Pairs; the others are made into IDX files
    kind: Literal["idx", "emnist", "usps"] = "idx"
    options: tuple[str, ...] = ()  # of handgrad train, where its defaults do not suit the images
    folder: str = ""  # of the published files; by default the set's name

    @property
    def published_in(self) -> str:
        """The folder of the cache that holds the published files."""
        return self.folder or self.name

    @property
    def size(self) -> int | None:
        """Bytes to download, or None if unknown."""
        sizes = [file.size for file in self.files if file.size is not None]
        return sum(sizes) if len(sizes) == len(self.files) else None


def _archived(address: str) -> str:
    """The address of the Internet Archive's unmodified copy, which may not exist."""
    return f"https://web.archive.org/web/2023id_/{address}"


FASHION_MNIST = DataSet(
    "fashion-mnist",
    train=60_000,
    test=10_000,
    side=28,
    classes=10,
    shows="kinds of clothes",
    licence="MIT",
    attribution="Fashion-MNIST, (c) 2017 Zalando SE; Xiao, Rasul, Vollgraf, arXiv:1708.07747",
    files=(
        PublishedFile(
            "train-images-idx3-ubyte.gz",
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            26_421_880,
        ),
        PublishedFile(
            "train-labels-idx1-ubyte.gz",
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            29_515,
        ),
        PublishedFile(
            "t10k-images-idx3-ubyte.gz",
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            4_422_102,
        ),
        PublishedFile(
            "t10k-labels-idx1-ubyte.gz",
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            5_148,
        ),
    ),
    mirrors=(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    ),
    options=("--learning-rate", "0.5"),  # clothes are twice as bright as digits: MNIST's step is too long
)
KMNIST = DataSet(
    "kmnist",
    train=60_000,
    test=10_000,
    side=28,
    classes=10,
    shows="Japanese characters in cursive script",
    licence="CC BY-SA 4.0",
    attribution='"KMNIST Dataset" (created by CODH), adapted from "Kuzushiji Dataset" '
    "(created by NIJL and others), doi:10.20676/00000341",
    files=(
        PublishedFile(
            "train-images-idx3-ubyte.gz",
            "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
            18_165_135,
        ),
        PublishedFile(
            "train-labels-idx1-ubyte.gz",
            "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
            29_497,
        ),
        PublishedFile(
            "t10k-images-idx3-ubyte.gz",
            "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
            3_041_136,
        ),
        PublishedFile(
            "t10k-labels-idx1-ubyte.gz",
            "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
            5_120,
        ),
    ),
    mirrors=(
        "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        _archived("http://codh.rois.ac.jp/kmnist/dataset/kmnist/"),
    ),
)
QMNIST = DataSet(
    "qmnist",
    train=60_000,
    test=60_000,
    side=28,
    classes=10,
    shows="digits: MNIST rebuilt, with all its test images",
    licence="BSD 3-clause",
    attribution="QMNIST, (c) Facebook, Inc.; Yadav, Bottou, Cold Case: The Lost MNIST Digits, 2019",
    files=(
        PublishedFile(
            "qmnist-train-images-idx3-ubyte.gz",
            "9e26a7bf1683614e065d7b76460ccd52807165b3f22561fb782bd9f38c52b51d",
            9_704_059,
        ),
        PublishedFile(
            "qmnist-train-labels-idx2-int.gz",
            "2c05dc77f6b916b38e455e97ab129a42a444f3dbef09b278a366f82904e0dd9f",
            463_024,
        ),
        PublishedFile(
            "qmnist-test-images-idx3-ubyte.gz",
            "43fc22bf7498b8fc98de98369d72f752d0deabc280a43a7bcc364ab19e57b375",
            9_742_279,
        ),
        PublishedFile(
            "qmnist-test-labels-idx2-int.gz",
            "9fbcbe594c3766fdf4f0b15c5165dc0d1e57ac604e01422608bb72c906030d06",
            526_800,
        ),
    ),
    mirrors=(
        "https://raw.githubusercontent.com/facebookresearch/qmnist/master/",
        "https://github.com/facebookresearch/qmnist/raw/master/",
        _archived("https://raw.githubusercontent.com/facebookresearch/qmnist/master/"),
    ),
)
USPS = DataSet(
    "usps",
    train=7_291,
    test=2_007,
    side=16,
    classes=10,
    shows="digits from envelopes",
    licence="none stated",
    attribution="USPS, as LIBSVM offers it; Hull, A database for handwritten text recognition research, "
    "IEEE PAMI 16(5), 1994",
    files=(
        PublishedFile("usps.bz2", "3771e9dd6ba685185f89867b6e249233dd74652389f263963b3b741e994b034f", None),
        PublishedFile("usps.t.bz2", "a9c0164e797d60142a50604917f0baa604f326e9a689698763793fa5d12ffc4e", None),
    ),
    mirrors=(
        "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/",
        "http://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/",
        _archived("https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/"),
    ),
    kind="usps",
)


def _emnist(split: str, train: int, test: int, classes: int, shows: str) -> DataSet:
    """One of the six splits of EMNIST; all of them lie in one archive, which is downloaded once."""
    return DataSet(
        f"emnist-{split}",
        train=train,
        test=test,
        side=28,
        classes=classes,
        shows=shows,
        licence="none stated",
        attribution="EMNIST, from NIST SD 19; Cohen, Afshar, Tapson, van Schaik, arXiv:1702.05373",
        files=(
            PublishedFile(
                "gzip.zip", "fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e", 561_753_746
            ),
        ),
        mirrors=(
            "https://biometrics.nist.gov/cs_links/EMNIST/",
            "http://biometrics.nist.gov/cs_links/EMNIST/",
            _archived("https://www.itl.nist.gov/iaui/vip/cs_links/EMNIST/"),
        ),
        kind="emnist",
        folder="emnist",
    )


SETS: dict[str, DataSet] = Choices(
    {
        each.name: each
        for each in (
            FASHION_MNIST,
            KMNIST,
            QMNIST,
            USPS,
            _emnist("letters", 124_800, 20_800, 26, "letters, large and small together: 0 is A, 25 is Z"),
            _emnist("digits", 240_000, 40_000, 10, "digits"),
            _emnist("mnist", 60_000, 10_000, 10, "digits"),
            _emnist("balanced", 112_800, 18_800, 47, "digits and letters, the same number of each"),
            _emnist("bymerge", 697_932, 116_323, 47, "digits and letters, like shapes together"),
            _emnist("byclass", 697_932, 116_323, 62, "digits and letters, large and small apart"),
        )
    }
)
