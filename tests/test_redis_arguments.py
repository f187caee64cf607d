"""Argument errors of every command: each names the argument, and changes nothing."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

import inredis
import pytest
import redis

import kinds
import neuralredis
import servers

#: Blobs are written as their numbers in brackets, other bytes as b"...".
REJECTED = """
NR.CREATE new | wrong number of arguments for 'nr.create' command
NR.CREATE new CLASSIFIER 2 -> | wrong number of arguments
NR.CREATE new FOO 2 3 -> 1 | the type is 'FOO': expected CLASSIFIER or REGRESSOR
NR.CREATE new 2 3 -> 1 1 | the type is '2'
NR.CREATE new REGRESSOR 2 3 1 1 | '->' is missing
NR.CREATE new REGRESSOR 2 3 1 -> | the outputs are missing
NR.CREATE new REGRESSOR -> 1 NORMALIZE | the inputs are missing
NR.CREATE new REGRESSOR 0 -> 1 | layer 0 has 0 units: expected 1 to 1048576
NR.CREATE new REGRESSOR 2 0 -> 1 | layer 1 has 0 units
NR.CREATE new REGRESSOR 2 -> 0 | layer 1 has 0 units
NR.CREATE new REGRESSOR -2 -> 1 | layer 0 is '-2': expected an integer
NR.CREATE new REGRESSOR 2.5 -> 1 | layer 0 is '2.5'
NR.CREATE new REGRESSOR 2 x -> 1 | layer 1 is 'x'
NR.CREATE new REGRESSOR 2 -> x | layer 1 is 'x'
NR.CREATE new REGRESSOR 99999999999999999999 -> 1 | layer 0 is '99999999999999999999'
NR.CREATE new REGRESSOR 1048577 -> 1 | layer 0 has 1048577 units: expected 1 to 1048576
NR.CREATE new REGRESSOR 1048576 1048576 -> 1 | parameters: expected at most 16777216
NR.CREATE new REGRESSOR 4096 -> 4096 | the layout has 16781312 parameters
NR.CREATE new REGRESSOR 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 -> 1 | 33 layers: expected
NR.CREATE new CLASSIFIER 2 3 -> 1 | a classifier with 1 output: expected at least 2
NR.CREATE new REGRESSOR 2 -> 1 FOO | unknown option 'FOO': expected NORMALIZE, ACTIVATION, OUTPUT
NR.CREATE new REGRESSOR 2 -> 1 1 | unknown option '1'
NR.CREATE new REGRESSOR 2 -> 1 DATASET | DATASET has no value
NR.CREATE new REGRESSOR 2 -> 1 DATASET -1 | DATASET is '-1': expected an integer from 0 to 4294967295
NR.CREATE new REGRESSOR 2 -> 1 DATASET 4294967296 | DATASET is '4294967296'
NR.CREATE new REGRESSOR 2 -> 1 DATASET 1e3 | DATASET is '1e3'
NR.CREATE new REGRESSOR 2 -> 1 TEST x | TEST is 'x'
NR.CREATE new REGRESSOR 2 -> 1 TEST | TEST has no value
NR.CREATE new REGRESSOR 2 -> 1 TEST 1 TEST 2 | TEST is given twice
NR.CREATE new REGRESSOR 2 -> 1 NORMALIZE NORMALIZE | NORMALIZE is given twice
NR.CREATE new REGRESSOR 2 -> 1 NORMALIZE yes | unknown option 'yes'
NR.CREATE new REGRESSOR 2 -> 1 SEED -1 | SEED is '-1': expected an integer from 0 to 18446744073709551615
NR.CREATE new REGRESSOR 2 -> 1 SEED 18446744073709551616 | SEED is '18446744073709551616'
NR.CREATE new REGRESSOR 2 -> 1 SEED | SEED has no value
NR.CREATE new REGRESSOR 2 -> 1 ACTIVATION swish | ACTIVATION is 'swish': expected sigmoid, tanh, relu
NR.CREATE new REGRESSOR 2 -> 1 ACTIVATION | ACTIVATION has no value
NR.CREATE new REGRESSOR 2 -> 1 OUTPUT tanh | OUTPUT is 'tanh': expected softmax, sigmoid, linear
NR.CREATE new REGRESSOR 2 -> 1 OUTPUT softmax | output is softmax: expected linear or sigmoid for a regressor
NR.CREATE new REGRESSOR 2 -> 1 LOSS mae | LOSS is 'mae': expected crossentropy, mse
NR.CREATE new REGRESSOR 2 -> 1 LOSS crossentropy | loss is crossentropy: expected mse with linear outputs
NR.CREATE new CLASSIFIER 2 -> 2 OUTPUT linear LOSS crossentropy | expected mse with linear outputs
NR.CREATE new REGRESSOR 2 -> 1 ALGO sgd | ALGO is 'sgd': expected auto, irprop+, irprop-, rprop+, lbfgs, adam
NR.CREATE new REGRESSOR 2 -> 1 L2 -0.1 | L2 is '-0.1': expected auto or a finite number of at least 0
NR.CREATE new REGRESSOR 2 -> 1 L2 nan | L2 is 'nan'
NR.CREATE new REGRESSOR 2 -> 1 L2 1e39 | L2 is '1e39'
NR.CREATE new REGRESSOR 2 -> 1 ENSEMBLE 0 | ENSEMBLE is '0': expected auto or an integer from 1 to 64
NR.CREATE new REGRESSOR 2 -> 1 RESTARTS 0 | RESTARTS is '0': expected auto or an integer from 1 to 64
NR.CREATE new REGRESSOR 2 -> 1 RESTARTS 2 ENSEMBLE 2 | RESTARTS and ENSEMBLE are given: expected one of them
NR.CREATE new CLASSIFIER 2 -> 2 CLASSWEIGHT | CLASSWEIGHT has no value
NR.CREATE new CLASSIFIER 2 -> 2 CLASSWEIGHT heavy | CLASSWEIGHT is 'heavy': expected none, balanced or a finite number
NR.CREATE new CLASSIFIER 2 -> 2 CLASSWEIGHT 1,x | CLASSWEIGHT is '1,x'
NR.CREATE new CLASSIFIER 2 -> 2 CLASSWEIGHT 1,0 | CLASSWEIGHT is '1,0'
NR.CREATE new CLASSIFIER 2 -> 2 CLASSWEIGHT 1,-1 | CLASSWEIGHT is '1,-1'
NR.CREATE new CLASSIFIER 2 -> 2 CLASSWEIGHT nan,1 | CLASSWEIGHT is 'nan,1'
NR.CREATE new CLASSIFIER 2 -> 2 CLASSWEIGHT 1,1e39 | CLASSWEIGHT is '1,1e39'
NR.CREATE new CLASSIFIER 2 -> 2 CLASSWEIGHT 1,2, | CLASSWEIGHT is '1,2,'
NR.CREATE new CLASSIFIER 2 -> 2 CLASSWEIGHT 1 2 | unknown option '2'
NR.CREATE new CLASSIFIER 2 -> 2 MONOTONE | MONOTONE has no value
NR.CREATE new CLASSIFIER 2 -> 2 MONOTONE up | MONOTONE is 'up': expected none or 1, 0 or -1 for each input
NR.CREATE new CLASSIFIER 2 -> 2 MONOTONE 1,2 | MONOTONE is '1,2'
NR.CREATE new CLASSIFIER 2 -> 2 MONOTONE 1,nan | MONOTONE is '1,nan'
NR.CREATE new CLASSIFIER 2 -> 2 MONOTONE 1 | monotone is 1 number: expected 2, one for each input
NR.CREATE new CLASSIFIER 2 -> 3 MONOTONE 1,0 | monotone is 1,0: expected none for a classifier of more than two classes
NR.CREATE new REGRESSOR 2 -> 2 MONOTONE 1,0 | monotone is 1,0: expected none for a regressor of more than one output
NR.CREATE new REGRESSOR 2 -> 1 MONOTONE 1,0 ACTIVATION RELU | activation is relu: expected tanh or sigmoid
NR.CREATE new REGRESSOR 2 -> 1 MONOTONE 1,0 ALGORITHM LBFGS | algorithm is lbfgs: expected auto, adam or a variant
NR.CREATE new CLASSIFIER 2 -> 2 THRESHOLD | THRESHOLD has no value
NR.CREATE new CLASSIFIER 2 -> 2 THRESHOLD auto | THRESHOLD is 'auto': expected a number from 0 to 1
NR.CREATE new CLASSIFIER 2 -> 2 THRESHOLD 1.1 | THRESHOLD is '1.1': expected a number from 0 to 1
NR.CREATE new CLASSIFIER 2 -> 2 THRESHOLD nan | THRESHOLD is 'nan'
NR.CREATE new CLASSIFIER 2 -> 3 THRESHOLD 0.1 | threshold is 0.1: expected 0.5 for a classifier of 3 classes
NR.CREATE new CLASSIFIER 2 -> 2 THRESHOLD 0.1 OUTPUT sigmoid | expected 0.5 for outputs that are sigmoid
NR.CREATE new REGRESSOR 2 -> 2 THRESHOLD 0.1 | threshold is 0.1: expected 0.5 for a regressor
NR.CREATE new CLASSIFIER 2 -> 2 CLASSWEIGHT 1 | class weight is 1 number: expected 2, one for each output
NR.CREATE new CLASSIFIER 2 -> 2 CLASSWEIGHT 1,2,3 | class weight is 3 numbers: expected 2, one for each output
NR.CREATE new CLASSIFIER 2 -> 2 CLASSWEIGHT none CLASSWEIGHT none | CLASSWEIGHT is given twice
NR.CREATE new REGRESSOR 2 -> 2 CLASSWEIGHT 1,2 | class weight is given: expected none for a regressor
NR.CREATE new REGRESSOR 2 -> 2 CLASSWEIGHT balanced | class weight is balanced: expected none for a regressor
NR.CREATE new REGRESSOR 2 -> 1 PATIENCE | PATIENCE has no value
NR.CREATE new REGRESSOR 2 -> 1 PATIENCE 0 | PATIENCE is '0': expected auto or an integer from 1 to 2147483647
NR.CREATE new REGRESSOR 2 -> 1 PATIENCE 2147483648 | PATIENCE is '2147483648'
NR.CREATE new REGRESSOR 2 -> 1 PATIENCE 1.5 | PATIENCE is '1.5'
NR.CREATE net REGRESSOR 2 -> 1 | there is a network at key 'net' already
NR.CREATE string REGRESSOR 2 -> 1 | WRONGTYPE
NR.CREATE new CLASSIFIER SCHEMA age NUMBER | '->' is missing: expected it before the target
NR.CREATE new CLASSIFIER SCHEMA age NUMBRE -> x | kind 'NUMBRE': expected AUTO, NUMBER, CATEGORY
NR.CREATE new CLASSIFIER SCHEMA age NUMBER -> x CLASSES 1 | CLASSES 1: expected an integer from 2 to 1048576
NR.CREATE new CLASSIFIER SCHEMA age NUMBER -> x HIDDEN x | HIDDEN is 'x': expected units of one layer after the other
NR.CREATE shop CLASSIFIER SCHEMA age NUMBER -> x | there is a network at key 'shop' already
NR.CREATE string CLASSIFIER SCHEMA age NUMBER -> x | WRONGTYPE
NR.CONFIGURE shop NORMALIZE no | normalize is no: expected yes for a network of fields
NR.OBSERVE shop age 31 plan free | '->' is missing: expected it between the fields and what they came to
NR.OBSERVE shop age 31 plan -> yes | field 'yes' has no value after it
NR.OBSERVE shop age x -> yes | field age is 'x': expected a finite number (NUMBER)
NR.OBSERVE shop agee 3 -> yes | unknown field 'agee': expected age, plan
NR.OBSERVE shop age 3 age 4 -> yes | field 'age' is given twice
NR.OBSERVE shop age 3 -> | expected 1 output, 0 were given
NR.OBSERVE shop age 3 -> maybe | unknown class 'maybe': expected no, yes
NR.OBSERVE shop age 3 -> yes FOO | unknown option 'FOO': expected WEIGHT, TRAIN or TEST
NR.OBSERVE shop age 3 -> yes WEIGHT -1 | WEIGHT is '-1'
NR.OBSERVE shop FP32 [1,2] | the network has fields: expected a value for each by its name
NR.OBSERVE shop JSON {} yes | unknown option 'yes': expected -> or nothing after the JSON
NR.OBSERVE shop JSON { -> yes | JSON '{': EOF while parsing
NR.HOBSERVE shop 1 hash | wrong number of arguments
NR.HOBSERVE shop 1 hash age 3 | '->' is missing
NR.HOBSERVE shop 9 hash -> yes | numkeys is '9': expected an integer from 1 to 3
NR.HOBSERVE shop 1 nothing -> yes | no hash at key 'nothing'
NR.HOBSERVE shop 1 string -> yes | WRONGTYPE
NR.HOBSERVE nothing 1 hash -> yes | no network at key 'nothing'
NR.HOBSERVE net 1 hash -> yes | the network has no fields: expected numbers by their positions
NR.HRUN shop | wrong number of arguments
NR.HRUN shop x hash | numkeys is 'x'
NR.HRUN shop 1 hash age x | field age is 'x'
NR.HCLASS shop 1 nothing | no hash at key 'nothing'
NR.HCLASS shop 1 hash -> TOP 0 | TOP is '0': expected an integer of at least 1
NR.RANK shop 1 hash -> FOR maybe | FOR is 'maybe': expected one of no, yes
NR.RANK shop 1 string | WRONGTYPE
NR.RANK shop 1 hash -> SET 90 | unknown option 'SET': expected FOR, TOP or WITHSCORES
NR.RUN shop age | field 'age' has no value after it
NR.RUN shop age 3 -> MIN 2 | MIN is '2': expected a number from 0 to 1
NR.CLASS shop age 3 -> FOO | unknown option 'FOO': expected TOP, WITHSCORES, MIN, INTERVAL, SET or SAMPLE
NR.CLASS shop JSON 5 | expected an object of fields, or an array of such objects
NR.FORGET net | wrong number of arguments
NR.FORGET nothing user:1 | no network at key 'nothing'
NR.FORGET string user:1 | WRONGTYPE
NR.FORGET net user:1 | the network learns from rows: only one created with SEQUENCE has sequences
NR.FORECAST net user:1 | wrong number of arguments
NR.FORECAST nothing user:1 3 | no network at key 'nothing'
NR.FORECAST net user:1 x | steps is 'x': expected an integer from 1 to 10000
NR.FORECAST net user:1 3 x | unknown option 'x': expected -> or nothing after the steps
NR.FORECAST net user:1 3 -> INTERVAL 0 | INTERVAL is '0': expected a percentage above 0 and below 100
NR.FORECAST net user:1 3 | the network learns from rows
NR.SAMPLE net | wrong number of arguments
NR.SAMPLE nothing user:1 | no network at key 'nothing'
NR.SAMPLE net user:1 | the network learns from rows
NR.STEP net state | wrong number of arguments
NR.STEP nothing state page a | no network at key 'nothing'
NR.STEP string state page a | WRONGTYPE
NR.STEP net state 1 2 | the network learns from rows: only one created with SEQUENCE has sequences
NR.CREATE new CLASSIFIER SCHEMA a CATEGORY -> a SEQUENCE LENGTH | LENGTH has no value
NR.CREATE new CLASSIFIER SCHEMA a CATEGORY -> a SEQUENCE LENGTH 65537 | LENGTH is '65537': expected an integer
NR.CREATE new CLASSIFIER SCHEMA a CATEGORY -> a SEQUENCE CELL lstm | CELL is 'lstm': expected AUTO, WINDOW, RESERVOIR
NR.CREATE new CLASSIFIER 2 -> 2 CELL auto | LENGTH and CELL are for a network of sequences: expected SEQUENCE
NR.EXPLAIN net | wrong number of arguments
NR.EXPLAIN nothing 1 2 | no network at key 'nothing'
NR.EXPLAIN string 1 2 | WRONGTYPE
NR.EXPLAIN net 1 | the network has 2 inputs, 1 was given
NR.EXPLAIN net 1 x | input 1 is 'x': expected a finite number
NR.EXPLAIN net 1 2 -> FOR 2 | FOR is '2': expected an integer from 0 to 1
NR.EXPLAIN net 1 2 -> FOR | FOR has no value
NR.EXPLAIN net 1 2 -> FOR 1 FOR 1 | FOR is given twice
NR.EXPLAIN net 1 2 -> SAMPLES 1 | SAMPLES is '1': expected an integer from 2 to 1000
NR.EXPLAIN net 1 2 -> SEED -1 | SEED is '-1': expected an integer of at least 0
NR.EXPLAIN net 1 2 -> WANT 9 | WANT is '9': expected an integer from 0 to 1
NR.EXPLAIN net 1 2 -> WANT 1 SEED 1 | WANT asks for changes: expected no FOR, SAMPLES or SEED beside it
NR.EXPLAIN net 1 2 -> TOP 1 | unknown option 'TOP': expected FOR, SAMPLES, SEED or WANT
NR.EXPLAIN shop age | field 'age' has no value after it
NR.EXPLAIN shop age x | field age is 'x'
NR.EXPLAIN shop age 3 -> FOR maybe | FOR is 'maybe': expected one of no, yes
NR.FIELDS | wrong number of arguments
NR.FIELDS nothing | no network at key 'nothing'
NR.FIELDS string | WRONGTYPE
NR.FIELDS net | the network has no fields
NR.OBSERVE net 1 | wrong number of arguments
NR.OBSERVE nothing 1 2 -> 0 | no network at key 'nothing'
NR.OBSERVE string 1 2 -> 0 | WRONGTYPE
NR.OBSERVE net 1 2 0 | '->' is missing
NR.OBSERVE net 1 -> 0 | the network has 2 inputs, 1 was given
NR.OBSERVE net 1 2 3 -> 0 | the network has 2 inputs, 3 were given
NR.OBSERVE net -> 0 1 | the network has 2 inputs, 0 were given
NR.OBSERVE net 1 2 -> | expected 1 output, 0 were given
NR.OBSERVE net 1 2 -> 0 1 | expected 1 output, 2 were given
NR.OBSERVE sum 1 2 -> 1 | expected 2 outputs, 1 was given
NR.OBSERVE net 1 abc -> 0 | input 1 is 'abc': expected a finite number
NR.OBSERVE net nan 2 -> 0 | input 0 is 'nan'
NR.OBSERVE net 1 inf -> 0 | input 1 is 'inf'
NR.OBSERVE net 1 1e39 -> 0 | input 1 is '1e39'
NR.OBSERVE net 1 0x10 -> 0 | input 1 is '0x10'
NR.OBSERVE net 1 2x -> 0 | input 1 is '2x'
NR.OBSERVE net 1 "" -> 0 | input 1 is ''
NR.OBSERVE net 1 " 2" -> 0 | input 1 is ' 2'
NR.OBSERVE net 1 2 -> x | output 0 is 'x'
NR.OBSERVE sum 1 2 -> 1 x | output 1 is 'x'
NR.OBSERVE net 1 2 -> 2 | the class is 2: expected an integer from 0 to 1
NR.OBSERVE net 1 2 -> -1 | the class is -1
NR.OBSERVE net 1 2 -> 0.5 | the class is 0.5
NR.OBSERVE net 1 2 -> 0 FOO | unknown option 'FOO': expected WEIGHT, TRAIN or TEST
NR.OBSERVE net 1 2 -> 0 TRAIN 5 | unknown option '5'
NR.OBSERVE net 1 2 -> 0 TRAIN TEST | unknown option 'TEST': expected one of TRAIN and TEST, once
NR.OBSERVE net 1 2 -> 0 WEIGHT | WEIGHT has no value
NR.OBSERVE net 1 2 -> 0 WEIGHT 0 | WEIGHT is '0': expected a finite number above 0
NR.OBSERVE net 1 2 -> 0 WEIGHT -1 | WEIGHT is '-1'
NR.OBSERVE net 1 2 -> 0 WEIGHT inf | WEIGHT is 'inf'
NR.OBSERVE net 1 2 -> 0 WEIGHT 1 WEIGHT 1 | WEIGHT is given twice
NR.OBSERVE sum 1 2 -> 1 2 TEST | the validation set takes no rows: its limit is 0
NR.OBSERVE net FP32 "" | the blob has 0 bytes: expected a multiple of 12
NR.OBSERVE net FP32 abc | the blob has 3 bytes
NR.OBSERVE net FP32 [1,2] | the blob has 8 bytes: expected a multiple of 12, 3 floats a row
NR.OBSERVE net FP32 [1,2,0,1,2,7] | row 1: the class is 7
NR.OBSERVE net FP32 [1,nan,0] | input 1 is NaN: expected a finite number
NR.OBSERVE net FP32 [1,2,0,inf,2,1] | row 1: input 0 is inf
NR.OBSERVE net FP32 [1,2,nan] | the class is NaN
NR.OBSERVE net FP32 [1,2,0] WEIGHT 2 | WEIGHT is for one row
NR.OBSERVE net FP32 [1,2,0] FOO | unknown option 'FOO'
NR.OBSERVE sum FP32 [1,2,0,0] TEST | the validation set takes no rows
NR.RUN net | wrong number of arguments
NR.RUN nothing 1 2 | no network at key 'nothing'
NR.RUN string 1 2 | WRONGTYPE
NR.RUN net 1 | the network has 2 inputs, 1 was given
NR.RUN net 1 2 3 | the network has 2 inputs, 3 were given
NR.RUN net 1 x | input 1 is 'x'
NR.RUN net -inf 1 | input 0 is '-inf'
NR.RUN net FP32 "" | the blob has 0 bytes: expected a multiple of 8, 2 floats a row
NR.RUN net FP32 [1,2,3] | the blob has 12 bytes
NR.RUN net FP32 [1,2,1,inf] | row 1: input 1 is inf
NR.CLASS net | wrong number of arguments
NR.CLASS nothing 1 2 | no network at key 'nothing'
NR.CLASS string 1 2 | WRONGTYPE
NR.CLASS sum 1 2 | the network is a regressor: only a classifier has classes
NR.CLASS net 1 | the network has 2 inputs, 1 was given
NR.CLASS net 1 x | input 1 is 'x'
NR.CLASS net FP32 [1] | the blob has 4 bytes
NR.CLASS net FP32 [1,2,nan,1] | row 1: input 0 is NaN
NR.TRAIN | wrong number of arguments
NR.TRAIN nothing | no network at key 'nothing'
NR.TRAIN string | WRONGTYPE
NR.TRAIN net FOO | unknown option 'FOO': expected MAXCYCLES, MAXTIME, AUTOSTOP, BACKTRACK, BLOCK
NR.TRAIN net MAXCYCLES | MAXCYCLES has no value
NR.TRAIN net MAXCYCLES -1 | MAXCYCLES is '-1'
NR.TRAIN net MAXCYCLES 1.5 | MAXCYCLES is '1.5'
NR.TRAIN net MAXCYCLES 9223372036854775808 | MAXCYCLES is '9223372036854775808'
NR.TRAIN net MAXTIME x | MAXTIME is 'x': expected milliseconds
NR.TRAIN net MAXTIME 9007199254740993 | MAXTIME is '9007199254740993'
NR.TRAIN net MAXTIME 1 MAXTIME 1 | MAXTIME is given twice
NR.TRAIN net AUTOSTOP AUTOSTOP | AUTOSTOP is given twice
NR.TRAIN net BLOCK | BLOCK has no value
NR.TRAIN net BLOCK -1 | BLOCK is '-1'
NR.TRAIN empty | the network has no training rows: observe some first
NR.TRAIN sum AUTOSTOP | early stopping needs validation rows: the network has none
NR.INFO | wrong number of arguments
NR.INFO net x | wrong number of arguments
NR.INFO nothing | no network at key 'nothing'
NR.INFO string | WRONGTYPE
NR.THREADS x | NROPTION unknown option 'x': expected FULL
NR.TRAININGS x | wrong number of arguments
NR.RESET | wrong number of arguments
NR.RESET nothing | no network at key 'nothing'
NR.RESET string | WRONGTYPE
NR.GETDATA net TRAIN | wrong number of arguments
NR.GETDATA net FOO 0 | the set is 'FOO': expected TRAIN or TEST
NR.GETDATA net TRAIN -1 | row is '-1': expected an integer of at least 0
NR.GETDATA net TRAIN x | row is 'x'
NR.GETDATA net TRAIN 1.0 | row is '1.0'
NR.GETDATA nothing TRAIN 0 | no network at key 'nothing'
NR.GETDATA string TRAIN 0 | WRONGTYPE
NR.STOP | wrong number of arguments
NR.STOP nothing | no network at key 'nothing'
NR.STOP string | WRONGTYPE
NR.WAIT nothing | no network at key 'nothing'
NR.WAIT string | WRONGTYPE
NR.WAIT net -1 | the time is '-1': expected milliseconds
NR.WAIT net x | the time is 'x'
NR.WAIT net 1 2 | unknown option '2'
NR.REPORT nothing | no network at key 'nothing'
NR.REPORT string | WRONGTYPE
NR.CONFIGURE nothing TEST 5 | no network at key 'nothing'
NR.CONFIGURE string TEST 5 | WRONGTYPE
NR.CONFIGURE net | wrong number of arguments
NR.CONFIGURE net CLASS-WEIGHT 1,x | CLASS-WEIGHT is '1,x'
NR.CONFIGURE net TEST | TEST has no value
NR.CONFIGURE net TEST 5 DATASET x | DATASET is 'x'
NR.CONFIGURE net TEST 5 OUTPUT linear LOSS crossentropy | expected mse with linear outputs
NR.CONFIGURE net SEED 5 | SEED is for NR.CREATE
NR.CONFIGURE net NORMALIZE maybe | NORMALIZE is 'maybe': expected yes or no
NR.CONFIGURE net L2 -1 | L2 is '-1'
NR.CONFIGURE net TEST 5 CLASSWEIGHT 1,2,3 | class weight is 3 numbers: expected 2, one for each output
NR.CONFIGURE net CLASSWEIGHT 1,inf | CLASSWEIGHT is '1,inf'
NR.CONFIGURE net ENSEMBLE 2 RESTARTS 3 | ENSEMBLE and RESTARTS are given: expected one of them
NR.CONFIGURE net PATIENCE -1 | PATIENCE is '-1'
NR.CONFIGURE sum CLASSWEIGHT balanced | class weight is balanced: expected none for a regressor
NR.CONFIGURE net FOO 1 | unknown option 'FOO'
NR.CONFIGURE sum OUTPUT softmax | output is softmax
NR.EVALUATE nothing | no network at key 'nothing'
NR.EVALUATE string | WRONGTYPE
NR.EVALUATE sum TEST | there are no rows to evaluate
NR.EVALUATE net FOO | the set is 'FOO': expected TRAIN, TEST or FP32
NR.EVALUATE net FP32 | FP32 has no blob after it
NR.EVALUATE net FP32 [1,2] | the blob has 8 bytes
NR.EVALUATE net FP32 [1,2,5] | the class is 5
NR.EVALUATE net TRAIN x | unknown option 'x'
NR.RUN sum 1 2 -> SET 90 | unknown option 'SET': expected INTERVAL and a percentage, or SAMPLE
NR.RUN sum 1 2 -> INTERVAL 0 | INTERVAL is '0': expected a percentage above 0 and below 100
NR.RUN sum 1 2 -> INTERVAL | INTERVAL has no value
NR.RUN sum 1 2 -> | nothing stands after '->': expected INTERVAL and a percentage, or SAMPLE
NR.RUN net 1 2 -> INTERVAL 90 | the network is a classifier: only a regressor has intervals
NR.CLASS net 1 2 -> SET x | SET is 'x': expected a percentage above 0 and below 100
NR.CLASS net 1 2 -> SET 90 95 | unknown option '95': expected nothing after SET
NR.CLASS sum 1 2 -> SAMPLE | the network is a regressor: only a classifier has classes
NR.RUN sum 1 2 -> SAMPLE | the network is a regressor: only a classifier has classes
NR.RUN net 1 -> SAMPLE | the network has 2 inputs, 1 was given
NR.CLASS net FP32 [1,2,0] -> SAMPLE | the blob has 12 bytes
NR.CLASS net 1 2 -> SAMPLE TEMPERATURE -1 | TEMPERATURE is '-1': expected a finite number of at least 0
NR.CLASS net 1 2 -> SAMPLE TEMPERATURE | TEMPERATURE has no value
NR.CLASS net 1 2 -> SAMPLE TOPK 0 | TOPK is '0': expected an integer of at least 1
NR.RUN net 1 2 -> SAMPLE TOPP 2 | TOPP is '2': expected a number from 0 to 1
NR.CLASS net 1 2 -> SAMPLE MINP x | MINP is 'x': expected a number from 0 to 1
NR.CLASS net 1 2 -> SAMPLE SEED 1.5 | SEED is '1.5': expected an integer of at least 0
NR.CLASS net 1 2 -> SAMPLE SEED 1 SEED 1 | SEED is given twice
NR.CLASS net 1 2 -> SAMPLE TOP 2 | unknown option 'TOP': expected TEMPERATURE, TOPK, TOPP, MINP or SEED
NR.CLASS shop age 3 -> SAMPLE TOP 2 | SAMPLE draws a class: expected no TOP, MIN, INTERVAL or SET beside it
NR.RUN shop age 3 -> SEED 1 | 'SEED' is of SAMPLE: expected SAMPLE before it
NR.HCLASS shop 1 hash -> SAMPLE TOPK x | TOPK is 'x': expected an integer of at least 1
NR.RANK shop 1 hash -> SAMPLE | unknown option 'SAMPLE': expected FOR, TOP or WITHSCORES
NR.CALIBRATE nothing FP32 [1,2,0] | no network at key 'nothing'
NR.CALIBRATE string FP32 [1,2,0] | WRONGTYPE
NR.CALIBRATE net | wrong number of arguments
NR.CALIBRATE sum TEST | there are no rows
NR.CALIBRATE net FP32 | unknown option 'FP32': expected TEST, or FP32 and a blob of rows
NR.CALIBRATE net FOO [1,2,0] | unknown option 'FOO': expected TEST, or FP32 and a blob of rows
NR.CALIBRATE net FP32 [1,2] | the blob has 8 bytes
NR.CALIBRATE net FP32 [1,2,5] | the class is 5
NR.CALIBRATE net FP32 [1,2,0] TEST | unknown option 'TEST': expected nothing after the rows
NR.EXPORT nothing | no network at key 'nothing'
NR.EXPORT string | WRONGTYPE
NR.IMPORT new | wrong number of arguments
NR.IMPORT new abc | not a network
NR.IMPORT new "" | not a network
NR.IMPORT net abc | there is a network at key 'net': expected REPLACE
NR.IMPORT net abc REPLACE | not a network
NR.IMPORT net abc FOO | unknown option 'FOO': expected REPLACE
NR.IMPORT string abc REPLACE | WRONGTYPE
""".strip().splitlines()


@pytest.fixture(scope="module")
def raw() -> Iterator[redis.Redis]:
    with servers.running(kinds.ANY, module=neuralredis.module_path()) as server:
        raw = server.client(protocol=2, decode_responses=False)
        inredis.create(raw, "net")
        raw.execute_command("NR.CREATE", "sum", "REGRESSOR", 2, "->", 2, "DATASET", 10)
        raw.execute_command("NR.OBSERVE", "sum", 1, 2, "->", 3, 4)
        raw.execute_command("NR.CREATE", "empty", "REGRESSOR", 1, "->", 1)
        raw.execute_command("NR.CREATE", "wide", "CLASSIFIER", 1, "->", 6_000)
        schema = ["SCHEMA", "age", "NUMBER", "plan", "CATEGORY", "->", "x", "CLASSES", 2, "no", "yes"]
        raw.execute_command("NR.CREATE", "shop", "CLASSIFIER", *schema)
        raw.hset("hash", "age", "31")
        raw.set("string", "text")
        yield raw


def arguments(line: str) -> list[Any]:
    words = shlex.split(line)
    return [inredis.blob(map(float, word[1:-1].split(","))) if word.startswith("[") else word for word in words]


def state(raw: redis.Redis) -> Any:
    # The digest covers the whole state of the networks.
    return raw.execute_command("DEBUG", "DIGEST"), raw.dbsize(), raw.execute_command("NR.THREADS")


def test_argument_error_cases_are_unique() -> None:
    assert len(REJECTED) > 100
    assert len(set(REJECTED)) == len(REJECTED)


@pytest.mark.parametrize("line", REJECTED)
def test_each_error_names_the_argument_and_changes_nothing(raw: redis.Redis, line: str) -> None:
    command, _, message = line.partition(" | ")
    before = state(raw)
    with pytest.raises(redis.ResponseError) as raised:
        raw.execute_command(*arguments(command))
    assert message in str(raised.value)
    assert state(raw) == before


def test_errors_shorten_and_escape_long_binary_arguments(raw: redis.Redis) -> None:
    with pytest.raises(redis.ResponseError) as raised:
        raw.execute_command("NR.RUN", "net", 1, b"\r\n+OK\0" + b"x" * 10_000)
    message = str(raised.value)
    assert len(message) < 200
    assert "\\r\\n+OK\\u{0}xxx" in message
    assert raw.ping()


def test_max_network_bytes_rejects_commands_of_clients(raw: redis.Redis) -> None:
    raw.config_set("neuralredis.max-network-bytes", "100kb")
    try:
        before = state(raw)
        for command in (
            ["NR.CREATE", "new", "REGRESSOR", 1000, 1000, "->", 1],
            ["NR.OBSERVE", "net", "FP32", inredis.blob(*[(1, 2, 0)] * 20_000)],
            ["NR.CONFIGURE", "wide", "CLASSWEIGHT", ",".join(["1"] * 6_000)],
        ):
            if command[0] == "NR.OBSERVE":
                raw.execute_command("NR.CONFIGURE", "net", "DATASET", 1_000_000)
                before = state(raw)
            with pytest.raises(
                redis.ResponseError, match=r"expected at most 102400, the limit neuralredis\.max-network"
            ):
                raw.execute_command(*command)
            assert state(raw) == before
    finally:
        raw.config_set("neuralredis.max-network-bytes", 0)
