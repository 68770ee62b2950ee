"""Arrays of every type and order, given to every engine: converted, left to another engine, or refused in a line."""

import copy
import pickle

import numpy as np
import pytest

from handgrad import network, training
from handgrad.engines import compiled, dense, engine
from handgrad.engines.ink import InkEngine, Scorer
from handgrad.engines.ink.machine import code
from handgrad.errors import DataError, HandgradError
from handgrad.model import Model
from handgrad.network import Params, map_params
from handgrad.recipes import Recipe

from alike import images_like_digits

RNG = np.random.default_rng(0)
RECIPE = Recipe(hidden=20, batch_size=10, optimizer="momentum", learning_rate=0.1)
IMAGES, LABELS = images_like_digits(RNG, 40, 30), RNG.integers(0, 3, 40)
PARAMS = network.init_params(30, 20, 3, RNG, dtype=np.float32)
ORDER, RATES = RNG.permutation(40), np.full(4, 0.1)
ENGINES = {"numpy": dense.run_epoch, "1 thread": InkEngine(1).run_epoch, "3 threads": InkEngine(3).run_epoch}


def epoch(run_epoch, **changed):
    """Parameters after an epoch with some arguments changed."""
    given = {
        "params": PARAMS,
        "images": IMAGES,
        "labels": LABELS,
        "order": ORDER,
        "recipe": RECIPE,
        "rates": RATES,
    }
    return run_epoch(**(given | changed))[0]


def unaligned(array):
    """The same numbers at an odd address."""
    made = np.ndarray(array.shape, array.dtype, np.zeros(array.nbytes + 1, np.uint8), 1)
    made[...] = array
    return made


def read_only(array):
    made = array.copy()
    made.setflags(write=False)
    return made


FORMS = {
    "other byte order": lambda array: array.astype(array.dtype.newbyteorder(">")),
    "Fortran": np.asfortranarray,
    "every second": lambda array: np.repeat(array, 2, axis=-1)[..., ::2],
    "backwards": lambda array: array[::-1].copy()[::-1],
    "unaligned": unaligned,
    "read-only": read_only,
    "subclass": lambda array: array.view(type("Own", (np.ndarray,), {})),
    "matrix": lambda array: array.view(np.matrix) if array.ndim == 2 else array,
    "broadcast": lambda array: np.broadcast_to(array, array.shape),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ENGINES)
def test_the_same_numbers_in_another_form_give_the_same_result(name, form):
    expected, change = epoch(ENGINES[name]), FORMS[form]
    arrays = {"images": IMAGES, "labels": LABELS, "order": ORDER, "rates": RATES}
    changed = {key: change(array) for key, array in arrays.items()} | {"params": map_params(change, PARAMS)}
    for some in (*({key: value} for key, value in changed.items()), changed):
        for a, b in zip(epoch(ENGINES[name], **some), expected, strict=True):
            np.testing.assert_array_equal(a, b)
            assert (type(a), a.dtype) == (np.ndarray, np.dtype(np.float32))


@pytest.mark.parametrize("form", FORMS)
def test_scorers_and_models_take_every_form(form):
    change = FORMS[form]
    params, images = map_params(change, PARAMS), change(IMAGES)
    np.testing.assert_array_equal(Scorer(params).z(images), Scorer(PARAMS).z(IMAGES))
    fast, expected = compiled(Model(params), 2), Model(PARAMS).scores(IMAGES)
    for model in (fast, Model(params)):
        np.testing.assert_allclose(model.scores(images), expected, atol=1e-6)
    assert InkEngine(2).accuracy(params, images, change(LABELS)) == training.accuracy(PARAMS, IMAGES, LABELS)
    assert dense.accuracy(params, images, change(LABELS)) == training.accuracy(PARAMS, IMAGES, LABELS)


@pytest.mark.parametrize("kind", ["i1", "u1", "i2", ">i2", "u4", "i8", ">u8"])
def test_labels_and_order_may_be_any_integers(kind):
    for name, run_epoch in ENGINES.items():
        for a, b in zip(
            epoch(run_epoch, labels=LABELS.astype(kind), order=ORDER.astype(kind)),
            epoch(run_epoch),
            strict=True,
        ):
            np.testing.assert_array_equal(a, b, err_msg=name)


@pytest.mark.parametrize("kind", ["f2", "f4", ">f8", "g", "i8"])
def test_rates_may_be_any_real_numbers(kind):
    rates = np.array([1, 0, 1, 2]).astype(kind)
    for run_epoch in ENGINES.values():
        for a, b in zip(
            epoch(run_epoch, rates=rates), epoch(run_epoch, rates=rates.astype(float)), strict=True
        ):
            np.testing.assert_array_equal(a, b)


def test_fewer_rates_than_batches_are_the_first_batches():
    for run_epoch in ENGINES.values():
        expected = epoch(training.run_epoch, rates=RATES[:2])
        for a, b in zip(epoch(run_epoch, rates=RATES[:2]), expected, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.parametrize("kind", ["f2", "g"])
def test_parameters_that_the_kernel_is_not_made_for_are_left_to_numpy(kind):
    """float16 ended the process: what was not 4 bytes wide was taken for 8."""
    params = map_params(lambda p: p.astype(kind), PARAMS)
    with pytest.warns(
        UserWarning, match=f"the parameters are {params.W1.dtype}; the numpy engine takes over"
    ):
        ours = epoch(InkEngine(2).run_epoch, params=params)
    for a, b in zip(ours, epoch(dense.run_epoch, params=params), strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.dtype == np.dtype(kind)
    expected = training.accuracy(params, IMAGES, LABELS)
    assert InkEngine(2).accuracy(params, IMAGES, LABELS) == expected
    assert engine("ink", hidden=20).accuracy(params, IMAGES, LABELS) == expected
    with pytest.raises(DataError, match=f"expected parameters as float32 or float64; got {params.W1.dtype}"):
        Scorer(params)
    assert {p.dtype for p in compiled(Model(params), 1).params} == {np.dtype(np.float32)}


def test_parameters_of_several_types_take_the_widest():
    mixed = PARAMS._replace(b1=PARAMS.b1.astype(float))
    for run_epoch in ENGINES.values():
        ours = epoch(run_epoch, params=mixed)
        for a, b in zip(
            ours, epoch(training.run_epoch, params=map_params(lambda p: p.astype(float), PARAMS)), strict=True
        ):
            np.testing.assert_allclose(a, b, atol=1e-12)


@pytest.mark.parametrize("kind", ["i1", "f2", ">f4", "f8", "g", "u8"])
def test_images_of_other_types_are_left_to_numpy(kind):
    images = np.minimum(IMAGES, 1).astype(kind)
    with pytest.warns(UserWarning, match="the images are not uint8; the numpy engine takes over"):
        ours = epoch(InkEngine(2).run_epoch, images=images)
    for a, b in zip(ours, epoch(training.run_epoch, images=images), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    fast, model = compiled(Model(PARAMS), 2), Model(PARAMS)
    np.testing.assert_array_equal(fast.scores(images), model.scores(images))
    assert InkEngine(1).accuracy(PARAMS, images, LABELS) == training.accuracy(PARAMS, images, LABELS)
    with pytest.raises(DataError, match="expected uint8 images"):
        Scorer(PARAMS).z(images)


MASKED = np.ma.masked_equal
REFUSED = {
    "images as a list": ({"images": IMAGES.tolist()}, "expected images as a NumPy array; got list"),
    "masked images": ({"images": MASKED(IMAGES, 0)}, "expected images without a mask"),
    "complex images": ({"images": IMAGES.astype(complex)}, "expected images as integers"),
    "truths as images": ({"images": IMAGES > 0}, "expected images as integers"),
    "objects as images": ({"images": IMAGES.astype(object)}, "expected images as integers"),
    "texts as images": ({"images": IMAGES.astype(str)}, "expected images as integers"),
    "a single image": ({"images": IMAGES[0]}, "expected images of shape"),
    "wide images": ({"images": np.tile(IMAGES, 2)}, "expected images of 30 pixels"),
    "labels as floats": ({"labels": LABELS.astype(float)}, "expected labels as integers"),
    "masked labels": ({"labels": MASKED(LABELS, 0)}, "expected labels without a mask"),
    "labels as a list": ({"labels": LABELS.tolist()}, "expected labels as a NumPy array"),
    "order as floats": ({"order": ORDER.astype(float)}, "expected order as integers"),
    "order as truths": ({"order": ORDER > 3}, "expected order as integers"),
    "order as rows": ({"order": ORDER[None]}, "expected order as integers"),
    "no order": ({"order": ORDER[:0], "rates": RATES[:0]}, "expected order as integers"),
    "masked order": ({"order": MASKED(ORDER, 0)}, "expected order without a mask"),
    "complex rates": ({"rates": RATES.astype(complex)}, "expected a learning rate for each of the 4 batches"),
    "a rate too many": ({"rates": np.full(5, 0.1)}, "expected a learning rate for each of the 4 batches"),
    "no rates": ({"rates": RATES[:0]}, "expected a learning rate for each of the 4 batches"),
    "a number as rates": ({"rates": 0.1}, "expected learning rates as a NumPy array; got float"),
    "a list of parameters": ({"params": list(PARAMS)}, r"expected parameters as Params\(W1, b1, W2, b2\); got list"),
    "integers as W1": ({"params": PARAMS._replace(W1=np.ones((20, 30), int))}, "expected W1 as floats"),
    "complex W2": ({"params": PARAMS._replace(W2=PARAMS.W2 + 0j)}, "expected W2 as floats"),
    "masked W1": ({"params": PARAMS._replace(W1=MASKED(PARAMS.W1, 0))}, "expected W1 without a mask"),
    "W1 as a list": ({"params": PARAMS._replace(W1=PARAMS.W1.tolist())}, "expected W1 as a NumPy array; got list"),
    "W2 too small": ({"params": PARAMS._replace(W2=PARAMS.W2[:, :1])}, "expected W1 .* got shapes"),
    "W1 too small": ({"params": PARAMS._replace(W1=PARAMS.W1[:5])}, "expected W1 .* got shapes"),
    "no W1": ({"params": PARAMS._replace(W1=None)}, "expected W1 .* got shapes"),
    "a single bias": ({"params": PARAMS._replace(b2=None)}, "expected two biases"),
    "b1 as a number": ({"params": PARAMS._replace(b1=PARAMS.b1[:1])}, "expected b1 of shape"),
    "b2 too long": ({"params": PARAMS._replace(b2=np.zeros(9, np.float32))}, "expected b2 of shape"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.parametrize("name", ENGINES)
def test_what_no_engine_takes_is_refused_in_one_line(name, what):
    changed, message = REFUSED[what]
    with pytest.raises(DataError, match=message) as caught:
        epoch(ENGINES[name], **changed)
    assert "\n" not in str(caught.value)
    given = {"params": PARAMS, "images": IMAGES, "labels": LABELS} | changed
    if given.keys() == {"params", "images", "labels"}:
        for accuracy in (dense.accuracy, InkEngine(1).accuracy):
            with pytest.raises(DataError, match=message):
                accuracy(**given)
    if "params" in changed:
        with pytest.raises(DataError, match=message):
            Scorer(changed["params"])


STEPS = [-1, -(2**40), 2**60, 1.0, True, None, "3", float("nan")]


@pytest.mark.parametrize("step", STEPS)
def test_the_steps_before_an_epoch_are_a_whole_number(step):
    for name, run_epoch in ENGINES.items():
        with pytest.raises(DataError, match="expected first_step as a whole number from 0 on; got "):
            epoch(run_epoch, first_step=step)
        assert np.isfinite(epoch(run_epoch, first_step=np.int8(3)).W1).all(), name


@pytest.mark.parametrize("kind", [np.float64, np.longdouble])
def test_weights_beyond_the_type_of_the_parameters_are_refused(kind):
    for run_epoch in ENGINES.values():
        with pytest.raises(DataError, match="expected weights within the range of float32; got 1e"):
            epoch(run_epoch, weights=np.full(40, 1e300, kind))


def test_numbers_of_types_that_others_gave_numpy_are_refused():
    """bfloat16 and its like, which come with JAX: NumPy itself does not know of what kind they are."""
    ml_dtypes = pytest.importorskip("ml_dtypes")
    for kind in (ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.int4):
        for run_epoch in ENGINES.values():
            for key, array in (("images", IMAGES), ("labels", LABELS), ("order", ORDER), ("rates", RATES)):
                with pytest.raises(DataError, match="expected "):
                    epoch(run_epoch, **{key: array.astype(kind)})
            with pytest.raises(DataError, match="expected W1 as floats, float32 or float64; got "):
                epoch(run_epoch, params=PARAMS._replace(W1=PARAMS.W1.astype(kind)))
        for model in (Model(PARAMS), compiled(Model(PARAMS), 2)):
            with pytest.raises(DataError, match="expected images as integers 0"):
                model.predict(IMAGES.astype(kind))
        with pytest.raises(ValueError, match="expected parameters as arrays of real numbers"):
            Model(map_params(lambda p, kind=kind: p.astype(kind), PARAMS))


MEMORY = map_params(lambda p: (np.zeros_like(p),), PARAMS)
MEMORIES = {
    "of another rule": map_params(lambda p: (p, p), PARAMS),
    "plain arrays": PARAMS,
    "of another shape": MEMORY._replace(W1=(PARAMS.W1[:, :1],)),
    "a number": MEMORY._replace(b1=(np.zeros(()),)),
    "without biases": MEMORY._replace(b1=None, b2=None),
    "integers": map_params(lambda p: (p.astype(int),), PARAMS),
    "masked": MEMORY._replace(W2=(MASKED(PARAMS.W2, 0),)),
    "a list": list(MEMORY),
}


@pytest.mark.parametrize("what", MEMORIES)
def test_a_memory_that_does_not_fit_is_refused_before_the_kernel_sees_it(what):
    for run_epoch in ENGINES.values():
        with pytest.raises(DataError, match="optimizer's memory"):
            epoch(run_epoch, memory=MEMORIES[what])


def test_a_scorer_refuses_what_is_not_images_of_its_size():
    scorer = Scorer(PARAMS, "relu", 2)
    many = np.tile(IMAGES, (3, 1))
    for images in (IMAGES[0], IMAGES[:0], IMAGES[:, :29], many[:, :29], np.tile(many, 2), IMAGES.astype(int)):
        for ask in (scorer.z, scorer.checked_z, scorer.outputs):
            with pytest.raises(DataError, match=r"expected uint8 images \(N, ...\) of 30 pixels each; got "):
                ask(images)
    for images in (IMAGES.tolist(), MASKED(IMAGES, 0)):
        with pytest.raises(DataError, match="expected images"):
            scorer.z(images)
    with pytest.raises(ValueError, match="expected one of relu, leaky_relu, tanh, sigmoid, none; got 'step'"):
        Scorer(PARAMS, "step")


@pytest.mark.parametrize("dtype", ["f2", ">f4", ">f8", "g", "i4", "c8"])
def test_no_code_is_made_for_other_types(dtype):
    with pytest.raises(TypeError, match="expected float32 or float64"):
        code(32, np.dtype(dtype))


@pytest.mark.parametrize("threads", [0, -3, 1.5, 2.0, True, "2", 1025, None])
def test_threads_are_a_whole_number(threads):
    calls = [lambda: InkEngine(threads), lambda: Scorer(PARAMS, "relu", threads)]
    if threads is not None:
        calls += [
            lambda name=name: engine(name, threads=threads) for name in ("auto", "ink", "numpy", "torch")
        ]
        calls.append(lambda: compiled(Model(PARAMS), threads))
    for call in calls:
        with pytest.raises(
            HandgradError, match="expected threads to be a whole number, 1 to 1,024; got"
        ) as caught:
            call()
        assert "\n" not in str(caught.value)
    assert InkEngine(np.int64(2)).threads == 2


@pytest.mark.parametrize("name", ["abacus", "Ink", "", None, 3, ["ink"]])
def test_an_engine_is_one_of_four(name):
    with pytest.raises(HandgradError, match="expected an engine among auto, ink, numpy, torch; got"):
        engine(name)


def test_a_compiled_model_never_answers_by_parameters_that_it_no_longer_has():
    other = network.init_params(30, 50, 3, np.random.default_rng(1), dtype=np.float32)
    model = Model(PARAMS)
    fast = compiled(model, 2)
    for p in fast.params:
        with pytest.raises(ValueError, match="read-only"):
            p[...] = 0
    before = fast.scores(IMAGES)
    model.params.W1[...] = 0  # the compiled model has a copy
    np.testing.assert_array_equal(fast.scores(IMAGES), before)
    for params in (other, map_params(lambda p: p.astype(float), other), map_params(lambda p: p * 0, PARAMS)):
        fast.params = params
        for images in (IMAGES, IMAGES[:3], IMAGES[0]):
            np.testing.assert_allclose(fast.scores(images), Model(params).scores(images), atol=1e-6)
            np.testing.assert_array_equal(fast.predict(images), Model(params).predict(images))
    fast = compiled(Model(other), 2)
    fast.activation = "tanh"
    np.testing.assert_allclose(fast.scores(IMAGES), Model(other, "tanh").scores(IMAGES), atol=1e-6)
    again = compiled(fast, 2)
    assert again.scorer.activation == "tanh"
    np.testing.assert_allclose(again.scores(IMAGES), Model(other, "tanh").scores(IMAGES), atol=1e-6)


GIVEN = {
    "a list": (list(PARAMS), r"expected parameters as Params\(W1, b1, W2, b2\); got list"),
    "nothing": (None, "expected parameters as Params"),
    "no W1": (PARAMS._replace(W1=None), "expected parameters as Params"),
    "a mask": (PARAMS._replace(W1=MASKED(PARAMS.W1, 0)), "got a masked array"),
    "complex": (PARAMS._replace(W2=PARAMS.W2 + 0j), "arrays of real numbers; got complex64"),
    "texts": (PARAMS._replace(b1=PARAMS.b1.astype(str)), "arrays of real numbers; got <U"),
    "fields": (PARAMS._replace(b2=np.zeros(3, [("a", "f4"), ("b", "f4")])), "arrays of real numbers; got "),
    "ragged rows": (PARAMS._replace(W1=[[1.0], [1.0, 2.0]]), "rows of different lengths"),
    "turned": (map_params(np.transpose, PARAMS), "both must be the number of hidden units"),
    "a row": (PARAMS._replace(W1=PARAMS.W1[0]), "expected W1 .* got shapes"),
    "a long bias": (PARAMS._replace(b2=np.zeros(9)), "expected b2 of shape"),
    "a single bias": (PARAMS._replace(b2=None), "expected both b1 and b2"),
    "infinity": (PARAMS._replace(W1=PARAMS.W1 * np.float32(np.inf)), "W1 holds values that are not finite"),
}


@pytest.mark.parametrize("what", GIVEN)
def test_parameters_given_to_a_model_later_are_checked_as_the_first_are(what):
    """Masks were dropped, and lists or texts ended the next answer in a traceback."""
    params, message = GIVEN[what]
    for model in (Model(PARAMS), compiled(Model(PARAMS), 2)):
        expected = model.predict(IMAGES)
        with pytest.raises(ValueError, match=message) as caught:
            model.params = params
        assert "\n" not in str(caught.value)
        np.testing.assert_array_equal(model.predict(IMAGES), expected)  # as before
        with pytest.raises(ValueError, match=message):
            Model(params)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["f2", "f4", "f8", "g", "i4"])
def test_a_compiled_model_answers_by_parameters_of_every_type_and_form(kind, form):
    fast, scaled = compiled(Model(PARAMS), 2), map_params(lambda p: np.rint(8 * p), PARAMS)
    fast.params = map_params(lambda p: FORMS[form](p.astype(kind)), scaled)
    np.testing.assert_array_equal(fast.scores(IMAGES), Model(scaled).scores(IMAGES))
    assert {p.dtype for p in fast.params} == {np.dtype(np.float32)}


def test_masked_arrays_are_refused_wherever_images_and_labels_are_taken():
    from handgrad import estimator, fit
    from handgrad.insight.evaluation import evaluate
    from handgrad.insight.explain import explain
    from handgrad.photos import read

    images, labels, model = MASKED(IMAGES, 0), MASKED(LABELS, 0), Model(PARAMS)
    calls = [
        lambda: fit(images, LABELS),
        lambda: fit(IMAGES, labels),
        lambda: fit(IMAGES, LABELS, test=(images, LABELS)),
        lambda: evaluate(model, images, LABELS),
        lambda: evaluate(model, IMAGES, labels),
        lambda: explain(model, images[0]),
        lambda: read(Model(network.init_params(784, 4, 10, RNG)), MASKED(np.zeros((90, 90), np.uint8), 0)),
    ]
    for kind in (estimator.TwoLayerClassifier, estimator.TemplateClassifier):
        fitted = estimator.TemplateClassifier().fit(IMAGES, LABELS)
        calls += [
            lambda kind=kind: kind().fit(images, LABELS),
            lambda kind=kind: kind().fit(IMAGES, labels),
            lambda kind=kind: kind().fit(IMAGES, LABELS, sample_weight=MASKED(np.ones(40), 0)),
            lambda: fitted.predict(images),
        ]
    for call in calls:
        with pytest.raises(HandgradError, match="without a mask; got a masked array"):
            call()


@pytest.mark.parametrize("kind", ["c8", "c16", [("a", "f4"), ("b", "f4")]])
def test_estimators_refuse_what_is_no_number_in_one_line(kind):
    from handgrad import estimator

    for made in (estimator.TwoLayerClassifier(20, max_iter=1), estimator.TemplateClassifier()):
        fitted = estimator.TemplateClassifier().fit(IMAGES, LABELS)
        odd, ones = np.ones((40, 30)).astype(kind), np.ones(40).astype(kind)
        calls = [lambda: made.fit(odd, LABELS), lambda: made.fit(IMAGES, ones), lambda: fitted.predict(odd)]
        for call in (*calls, lambda: made.fit(IMAGES, LABELS, sample_weight=ones)):
            with pytest.raises(DataError, match="as real numbers; got ") as caught:
                call()
            assert "\n" not in str(caught.value)


@pytest.mark.parametrize("again", [lambda model: pickle.loads(pickle.dumps(model)), copy.deepcopy, copy.copy])
def test_a_copy_of_a_compiled_model_is_compiled_and_cannot_be_written_to_either(again):
    fast = again(compiled(Model(PARAMS), 2))
    assert fast.scorer.threads == 2
    assert fast.scorer.params is fast.params  # so it answers by the scorer
    np.testing.assert_array_equal(fast.scores(IMAGES), compiled(Model(PARAMS), 2).scores(IMAGES))
    for p in fast.params:
        with pytest.raises(ValueError, match="read-only"):
            p[...] = 0


def test_a_scorer_keeps_the_parameters_that_it_was_made_with():
    own = map_params(np.copy, PARAMS)
    scorer = Scorer(own)
    before = scorer.z(IMAGES)
    for p in own:
        p[...] = 9
    scorer.renew()  # as in a forked child
    np.testing.assert_array_equal(scorer.z(IMAGES), before)


@pytest.mark.parametrize("kind", [bool, complex, object, str])
def test_a_model_refuses_parameters_that_are_not_numbers(kind):
    with pytest.raises(ValueError, match="expected parameters as arrays of real numbers"):
        Model(map_params(lambda p: p.astype(kind), PARAMS))


def test_a_model_refuses_masks_and_numbers_too_large():
    with pytest.raises(ValueError, match="got a masked array"):
        Model(PARAMS._replace(W1=MASKED(PARAMS.W1, 0)))
    with pytest.raises(ValueError, match="W1 holds values that are not finite"):
        Model(PARAMS._replace(W1=PARAMS.W1.astype(float) + 1e300))  # and no RuntimeWarning
    for model in (Model(PARAMS), compiled(Model(PARAMS), 1)):
        with pytest.raises(DataError, match="expected images without a mask"):
            model.predict(MASKED(IMAGES, 0))


def test_a_tensor_is_refused_where_numpy_arrays_are_expected():
    torch = pytest.importorskip("torch")
    with pytest.raises(DataError, match="expected images as a NumPy array; got Tensor"):
        epoch(InkEngine(1).run_epoch, images=torch.tensor(IMAGES))
    with pytest.raises(DataError, match="expected W1 as a NumPy array; got Tensor"):
        epoch(dense.run_epoch, params=Params(*map(torch.tensor, PARAMS)))
